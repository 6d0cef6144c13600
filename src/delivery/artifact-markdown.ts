import { closedMarkdown, fencedCode } from "../bundle/markdown-text.ts";
import type { DeliveredArtifact } from "../ports/delivery-action.ts";

type Shown = Pick<DeliveredArtifact, "path" | "content">;

/** A file as a part of a document: Markdown and prose as they are, anything else as a block of code. */
export function artifactMarkdown({ path, content }: Shown): string {
  if (content.includes("\0")) return "It is no text, and is not shown.";
  if (isProse(path)) return closedMarkdown(content.replace(/^\uFEFF/, "").trimEnd());
  return fencedCode(content, languageOf(path));
}

export function isProse(path: string): boolean {
  return /\.(md|markdown|mdown|mkd|mdx|txt)$/i.test(path) || !nameOf(path).includes(".");
}

/** The end of the name; those who show code know a language by it. */
function languageOf(path: string): string {
  return /\.([a-z0-9]{1,12})$/i.exec(nameOf(path))?.[1]?.toLowerCase() ?? "";
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
