import { defineRole } from "../define-role.ts";
import { inventorySection } from "../render-artifacts.ts";
import { constitutionSection, verdictsSection } from "../render-contract.ts";
import { designOverviewSection } from "../render-design.ts";
import { remarksSection } from "../render-findings.ts";
import { notesSection, waiversSection } from "../render-people.ts";
import { receiptListSection } from "../render-receipts.ts";
import { requestSection, workflowSection } from "../render-request.ts";
import { taskSummariesSection } from "../render-tasks.ts";
import { importedSection, treeSection } from "../render-tree.ts";

/** Tells the receiver what was made and how to use it. */
export const finalizer = defineRole({
  name: "finalizer",
  moduleUrl: import.meta.url,
  sections: (packet) => [
    requestSection(packet),
    workflowSection(packet),
    constitutionSection(packet),
    designOverviewSection(packet),
    taskSummariesSection(packet),
    importedSection(packet),
    inventorySection(packet),
    treeSection(packet),
    notesSection(packet),
    receiptListSection(packet),
    verdictsSection(packet),
    waiversSection(packet),
    remarksSection(packet),
  ],
});
