/** A heading and its body; a section whose body is null is left out. */
export type Section = { readonly heading: string; readonly body: string | null };
export type Sections = readonly Section[];

/** One Markdown text of labelled sections. Headings are ours; everything that others wrote stands inside fences. */
export function renderSections(sections: Sections): string {
  return `${sections
    .filter((section) => section.body !== null)
    .map(({ heading, body }) => `## ${heading}\n\n${body}`)
    .join("\n\n")}\n`;
}

/** The content between fences that nothing inside it can close: longer than any run of backticks in it. */
export function fenced(content: string, language = ""): string {
  const fence = "`".repeat(Math.max(3, longestBacktickRun(content) + 1));
  return `${fence}${language}\n${content}${content.endsWith("\n") ? "" : "\n"}${fence}`;
}

export function fencedJson(value: unknown): string {
  return fenced(JSON.stringify(value, null, 2), "json");
}

/** The text as one line of inline code, for names that others wrote. */
export function inlineCode(text: string): string {
  const line = text.replaceAll(/[\s\p{Cc}\u2028\u2029]+/gu, " ").trim();
  const ticks = "`".repeat(longestBacktickRun(line) + 1);
  const padding = /^`|`$|^$/.test(line) ? " " : "";
  return `${ticks}${padding}${line}${padding}${ticks}`;
}

function longestBacktickRun(text: string): number {
  let longest = 0;
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  return longest;
}
