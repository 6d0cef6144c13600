import type { Deliverable } from "../ports/delivery-action.ts";
import { closedMarkdown, inlineText } from "./markdown-text.ts";
import { factSections, verdictLine } from "./report-sections.ts";

/** `SUMMARY.md`: what the bundle is, for people. */
export function bundleSummary(deliverable: Deliverable): string {
  const { title, workflow_id, summary, delivery_notes, report } = deliverable;
  const sections = [
    `# ${inlineText(title) || "Untitled"}`,
    verdictLine(report),
    closedMarkdown(summary.trim()),
    ...(delivery_notes.trim() === "" ? [] : ["## Notes", closedMarkdown(delivery_notes.trim())]),
    ...factSections(report),
    `Workflow ${workflow_id}. The files are in \`files/\`; \`sha256sum -c SHA256SUMS\` checks that nothing was changed.`,
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}
