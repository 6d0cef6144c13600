import type { DeliveryReport } from "../ports/delivery-action.ts";
import { inlineText, markdownTable } from "./markdown-text.ts";

const VERDICTS: Readonly<Record<NonNullable<DeliveryReport["verdict"]>, string>> = {
  verified: "every must is met, and was seen to be",
  waived: "a person does without some of what was asked for",
  unverified: "it could not be run here, so nobody has seen that it works",
  rejected: "something that was asked for is missing",
};

/** What is known of the whole, in one line of Markdown. */
export function verdictLine({ verdict }: Pick<DeliveryReport, "verdict">): string {
  return verdict === null
    ? "**Verdict:** none; QA has not judged it"
    : `**Verdict:** ${verdict} (${VERDICTS[verdict]})`;
}

/** Verdict, criteria, receipts and findings as Markdown, without a title. */
export function reportSections(report: DeliveryReport): string {
  return [verdictLine(report), ...factSections(report)].join("\n\n");
}

/** What stands behind the verdict: criteria, receipts and findings. */
export function factSections({ criteria, receipts, findings }: DeliveryReport): string[] {
  const sections: string[] = [];
  if (criteria.length > 0) {
    const rows = criteria.map(({ id, level, text, verdict: how, evidence, receipt }) => [
      id,
      level,
      text,
      how,
      evidence,
      receipt ?? "",
    ]);
    sections.push(
      "## Criteria",
      markdownTable(["Id", "Level", "Criterion", "Verdict", "Evidence", "Receipt"], rows),
    );
  }
  if (receipts.length > 0) {
    const rows = receipts.map(({ id, name, command, status, exit_code, duration_ms }) => [
      id,
      name,
      { code: command ?? "" },
      status,
      exit_code === null ? "" : String(exit_code),
      `${duration_ms} ms`,
    ]);
    sections.push(
      "## Receipts",
      markdownTable(["Id", "What", "Command", "Status", "Exit code", "Time"], rows),
    );
  }
  if (findings.length > 0) {
    const lines = findings.map(
      ({ id, severity, status, description }) =>
        `- ${id} (${severity}, ${status}): ${inlineText(description)}`,
    );
    sections.push("## Findings that stay", lines.join("\n"));
  }
  return sections;
}
