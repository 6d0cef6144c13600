import { defineRole } from "../define-role.ts";
import { briefSection, requestSection, workflowSection } from "../render-request.ts";
import { guidesSection, importedSection, treeSection } from "../render-tree.ts";

/** Turns the request into the contract that the work is judged by. */
export const projectManager = defineRole({
  name: "project_manager",
  moduleUrl: import.meta.url,
  sections: (packet) => [
    workflowSection(packet),
    importedSection(packet),
    guidesSection(packet),
    treeSection(packet, "Files of the tree"),
    requestSection(packet),
    briefSection(packet),
  ],
});
