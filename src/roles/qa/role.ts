import type { HandoffPacket } from "../../core/workflow/packet.ts";
import { defineRole } from "../define-role.ts";
import { otherArtifactsSection, writtenContentsSection } from "../render-artifacts.ts";
import { constitutionSection, requirementsSection, verdictsSection } from "../render-contract.ts";
import { designOverviewSection } from "../render-design.ts";
import { openFindingsSection } from "../render-findings.ts";
import { notesSection, waiversSection } from "../render-people.ts";
import { receiptsSection } from "../render-receipts.ts";
import { requestSection, workflowSection } from "../render-request.ts";
import { guidesSection, importedSection, treeSection } from "../render-tree.ts";

/** Judges the work against the contract. It is not told what a repair changed: it reads the newest revisions afresh. */
export const qa = defineRole({
  name: "qa",
  moduleUrl: import.meta.url,
  sections: (packet) => [
    requestSection(packet),
    constitutionSection(packet),
    requirementsSection(packet),
    designOverviewSection(packet),
    notesSection(packet),
    waiversSection(packet),
    workflowSection(packet),
    importedSection(packet),
    guidesSection(packet),
    writtenContentsSection(packet, "Artifacts"),
    otherArtifactsSection(packet),
    treeSection(packet),
    receiptsSection(packet),
    verdictsSection(packet),
    openFindingsSection(packet),
  ],
  references: (packet) => ({
    "criteria[].id": packet.choices.criteria,
    "findings[].criterion": packet.choices.criteria,
    "findings[].id": settledByQa(packet),
  }),
});

/** What the engine or the core has raised is settled by receipts and verdicts; QA has no word on it. */
function settledByQa({ findings, choices }: HandoffPacket): readonly string[] {
  const others = findings.filter(({ raised_by }) => raised_by === "engine" || raised_by === "core");
  return choices.open_findings.filter((id) => !others.some((finding) => finding.id === id));
}
