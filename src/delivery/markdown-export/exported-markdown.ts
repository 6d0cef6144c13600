import { closedMarkdown, fencedCode, inlineText } from "../../bundle/markdown-text.ts";
import { reportSections } from "../../bundle/report-sections.ts";
import type { DeliveredArtifact, Deliverable } from "../../ports/delivery-action.ts";
import { artifactMarkdown, isProse } from "../artifact-markdown.ts";

/** Title, summary, notes and verdict, then what was written: documents before code, each in the order of the work. */
export function exportedMarkdown(deliverable: Deliverable): string {
  const { title, summary, delivery_notes, report, workflow_id } = deliverable;
  const written = deliverable.artifacts.filter(({ changed }) => changed);
  const kept = deliverable.artifacts.length - written.length;
  const documents = written.filter(({ path }) => isProse(path));
  const others = written.filter(({ path }) => !isProse(path));
  const sections = [
    `# ${inlineText(title) || "Untitled"}`,
    closedMarkdown(summary.trim()),
    ...(delivery_notes.trim() === "" ? [] : ["## Notes", closedMarkdown(delivery_notes.trim())]),
    reportSections(report),
    ...[...documents, ...others].flatMap(fileSection),
    ...(deliverable.deleted.length === 0 ? [] : ["## Deleted", ...deletedList(deliverable)]),
    "---",
    ...(kept === 0 ? [] : [`${kept} more files are as they were and are not shown.`]),
    `Workflow ${workflow_id}.`,
  ];
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function fileSection(artifact: DeliveredArtifact): string[] {
  const { path, description } = artifact;
  return ["---", `## ${inlineText(path)}`, inlineText(description), withoutFrontMatter(artifact)];
}

/** In the middle of a document front matter would be read as a rule and a heading. */
function withoutFrontMatter(artifact: DeliveredArtifact): string {
  const text = artifactMarkdown(artifact);
  const [whole, yaml] = isProse(artifact.path)
    ? (/^---[ \t]*\r?\n([^]*?)\r?\n---[ \t]*(?:\r?\n|$)/.exec(text) ?? [])
    : [];
  if (whole === undefined || yaml === undefined) return text;
  return `${fencedCode(yaml, "yaml")}\n\n${text.slice(whole.length)}`;
}

function deletedList({ deleted }: Deliverable): string[] {
  return [deleted.map((path) => `- ${inlineText(path)}`).join("\n")];
}
