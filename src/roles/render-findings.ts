import type { HandoffPacket } from "../core/workflow/packet.ts";
import type { FindingState } from "../core/workflow/state.ts";
import { fencedJson, type Section } from "./render-section.ts";

/** What still stands, with the ids by which it is settled. */
export function openFindingsSection(packet: HandoffPacket): Section {
  return findings(
    "Open findings",
    packet.findings.filter((finding) => finding.status === "open"),
  );
}

/** What does not block, or what a person has waived: the receiver should know it. */
export function remarksSection(packet: HandoffPacket): Section {
  const rows = packet.findings
    .filter(({ status, severity }) => status === "waived" || (status === "open" && severity !== "blocking"))
    .map((finding) => ({ ...shown(finding), status: finding.status, resolution: finding.resolution }));
  return {
    heading: "Findings that stay: open ones that do not block, and waived ones",
    body: rows.length === 0 ? null : fencedJson(rows),
  };
}

/** Every finding from when it was raised to how it ended. */
export function findingHistorySection(packet: HandoffPacket): Section {
  const rows = packet.findings.map((finding) => ({
    ...shown(finding),
    status: finding.status,
    resolved_in_cycle: finding.resolved_in_cycle,
    resolution: finding.resolution,
  }));
  return { heading: "Findings, resolved ones included", body: rows.length === 0 ? null : fencedJson(rows) };
}

function findings(heading: string, list: readonly FindingState[]): Section {
  return { heading, body: list.length === 0 ? null : fencedJson(list.map(shown)) };
}

function shown(finding: FindingState): Record<string, unknown> {
  const { id, severity, criterion, component, description, recommendation } = finding;
  const { evidence, evidence_class, citations, receipt, raised_by, raised_in_cycle } = finding;
  return {
    id,
    severity,
    criterion,
    component,
    description,
    recommendation,
    evidence,
    evidence_class,
    citations,
    receipt,
    raised_by,
    raised_in_cycle,
  };
}
