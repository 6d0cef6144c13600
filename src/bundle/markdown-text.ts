/** Text of a model inside a line of Markdown: it stays one line, and starts no HTML, link or column of a table. */
export function inlineText(text: string): string {
  return text
    .replaceAll(/\s+/g, " ")
    .trim()
    .replaceAll(/[\\`*_{}[\]<>|#~]/g, (character) => `\\${character}`);
}

/** A cell of a table: text as it is, or something that is copied as it stands. */
export type Cell = string | { readonly code: string };

export function markdownTable(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map((row) => line(row.map(cellText)))].join("\n");
}

function cellText(cell: Cell): string {
  if (typeof cell === "string") return inlineText(cell);
  const code = cell.code.replaceAll(/\s+/g, " ").trim();
  if (code === "") return "";
  const runs = code.match(/`+/g) ?? [];
  const mark = "`".repeat(runs.reduce((most, run) => Math.max(most, run.length), 0) + 1);
  const pad = code.startsWith("`") || code.endsWith("`") ? " " : "";
  // A table takes a bar for its own even in code.
  return `${mark}${pad}${code.replaceAll("|", "\\|")}${pad}${mark}`;
}

/** Text as a block of code, in a fence that the text itself can't close. */
export function fencedCode(text: string, language = ""): string {
  const runs = text.match(/`+/g) ?? [];
  const longest = runs.reduce((most, run) => Math.max(most, run.length), 0);
  const fence = "`".repeat(Math.max(3, longest + 1));
  return `${fence}${language}\n${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${fence}`;
}

const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)$/;

/** The same text with its last block of code and last comment closed, so that what follows is not taken for a part of it. */
export function closedMarkdown(text: string): string {
  let open: string | null = null;
  for (const line of text.split("\n")) {
    const [, mark, rest] = FENCE.exec(line.replace(/\r$/, "")) ?? [];
    if (mark === undefined || rest === undefined) continue;
    if (open === null) {
      if (mark.startsWith("~") || !rest.includes("`")) open = mark;
    } else if (mark.startsWith(open) && rest.trim() === "") open = null;
  }
  const closed = open === null ? text : `${text.replace(/\n?$/, "\n")}${open}\n`;
  const comment = open === null && text.lastIndexOf("<!--") > text.lastIndexOf("-->");
  return comment ? `${closed} -->\n` : closed;
}
