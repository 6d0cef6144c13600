import { defineRole } from "../define-role.ts";
import { inventorySection } from "../render-artifacts.ts";
import { constitutionSection, verdictsSection } from "../render-contract.ts";
import { designOverviewSection } from "../render-design.ts";
import { openRemarksSection } from "../render-findings.ts";
import { requestSection, workflowSection } from "../render-request.ts";
import { taskSummariesSection } from "../render-tasks.ts";

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
    inventorySection(packet),
    verdictsSection(packet),
    openRemarksSection(packet),
  ],
});
