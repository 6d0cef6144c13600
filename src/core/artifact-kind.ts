import type { ArtifactKind } from "./documents.ts";

const KINDS: Readonly<Record<string, ArtifactKind>> = {
  md: "markdown",
  markdown: "markdown",
  txt: "document",
  rst: "document",
  html: "document",
  json: "config",
  yaml: "config",
  yml: "config",
  toml: "config",
  ini: "config",
  csv: "data",
  tsv: "data",
  jsonl: "data",
  ndjson: "data",
  mmd: "diagram",
  svg: "diagram",
};

/** What kind of artifact a file is, by its name alone. */
export function kindOf(path: string): ArtifactKind {
  const extension = /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
  return KINDS[extension] ?? "code";
}
