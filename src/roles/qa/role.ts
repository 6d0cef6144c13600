import { defineRole } from "../define-role.ts";
import { contentsSection, otherArtifactsSection } from "../render-artifacts.ts";
import { constitutionSection, requirementsSection, verdictsSection } from "../render-contract.ts";
import { designOverviewSection } from "../render-design.ts";
import { openFindingsSection } from "../render-findings.ts";
import { requestSection, workflowSection } from "../render-request.ts";

/** Judges the work against the contract. It is not told what a repair changed: it reads the newest revisions afresh. */
export const qa = defineRole({
  name: "qa",
  moduleUrl: import.meta.url,
  sections: (packet) => [
    requestSection(packet),
    constitutionSection(packet),
    requirementsSection(packet),
    designOverviewSection(packet),
    workflowSection(packet),
    contentsSection(packet, "Artifacts"),
    otherArtifactsSection(packet),
    verdictsSection(packet),
    openFindingsSection(packet),
  ],
  references: ({ choices }) => ({
    "criteria[].id": choices.criteria,
    "findings[].criterion": choices.criteria,
    "findings[].id": choices.open_findings,
  }),
});
