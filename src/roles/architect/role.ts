import type { HandoffPacket } from "../../core/workflow/packet.ts";
import { defineRole } from "../define-role.ts";
import { diffSection, inventorySection, writtenContentsSection } from "../render-artifacts.ts";
import {
  constitutionSection,
  planSection,
  requirementsSection,
  verdictsSection,
} from "../render-contract.ts";
import { designSection } from "../render-design.ts";
import { openFindingsSection } from "../render-findings.ts";
import { notesSection, waiversSection } from "../render-people.ts";
import { failedReceiptsSection } from "../render-receipts.ts";
import { requestSection, workflowSection } from "../render-request.ts";
import type { Sections } from "../render-section.ts";
import { taskGraphSection } from "../render-tasks.ts";
import { guidesSection, importedSection, treeSection } from "../render-tree.ts";

/** Plans: a design and a graph of tasks, in a repair cycle only what the open findings need. */
export const architect = defineRole({
  name: "architect",
  moduleUrl: import.meta.url,
  sections: (packet) => [
    requestSection(packet),
    constitutionSection(packet),
    requirementsSection(packet),
    planSection(packet),
    importedSection(packet),
    guidesSection(packet),
    treeSection(packet),
    notesSection(packet),
    workflowSection(packet),
    ...(packet.cycle > 0 ? repairSections(packet) : []),
  ],
  references: ({ choices }) => ({ "tasks[].criteria[]": choices.criteria }),
});

function repairSections(packet: HandoffPacket): Sections {
  return [
    designSection(packet),
    taskGraphSection(packet),
    inventorySection(packet),
    writtenContentsSection(packet, "Contents of the artifacts"),
    diffSection(packet),
    verdictsSection(packet),
    waiversSection(packet),
    failedReceiptsSection(packet),
    openFindingsSection(packet),
  ];
}
