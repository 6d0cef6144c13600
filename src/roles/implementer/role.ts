import { defineRole } from "../define-role.ts";
import { contentsSection } from "../render-artifacts.ts";
import { boundariesSection, servedCriteriaSection } from "../render-contract.ts";
import { designSection } from "../render-design.ts";
import { openFindingsSection } from "../render-findings.ts";
import { notesSection } from "../render-people.ts";
import { requestSection, workflowSection } from "../render-request.ts";
import { otherTasksSection, ownTaskSection } from "../render-tasks.ts";
import { importedSection, treeSection } from "../render-tree.ts";

/**
 * Writes the files of one task, which comes last. Nothing that a sibling changes while it runs is shown (status, new
 * artifacts): a second attempt must ask in the same words, so that the recorded answer to the first is found again.
 */
export const implementer = defineRole({
  name: "implementer",
  moduleUrl: import.meta.url,
  sections: (packet) => [
    requestSection(packet),
    boundariesSection(packet),
    designSection(packet),
    workflowSection(packet),
    notesSection(packet),
    importedSection(packet),
    contentsSection(packet, "Artifacts your task builds on"),
    treeSection(packet),
    otherTasksSection(packet),
    openFindingsSection(packet),
    servedCriteriaSection(packet),
    ownTaskSection(packet),
  ],
});
