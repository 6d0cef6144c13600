/** Controls, marks of writing direction, fillers, tags, private and unassigned characters; only tab, line feed and the emoji selector stay. */
const UNSEEN = /(?!\t|\n|\u{fe0f})[\p{C}\p{Default_Ignorable_Code_Point}]/gu;
/** GitHub shows these to nobody, so nobody has read what they say; one without an end hides the rest. */
const HIDDEN_COMMENT = /<!--[^]*?(?:-->|$)/g;
const LEFT_OUT = "[a comment that GitHub does not show was left out]";

/** What a person would have seen of a text from GitHub, cut to `most` characters and a note. */
export function visibleText(text: string, most: number): string {
  // What is dropped is not gone through: texts have up to 65,536 characters, and forged ones as many as a body holds.
  const seen = text
    .slice(0, most * 4)
    .replaceAll(/\r\n?|[\u0085\u2028\u2029]/g, "\n")
    .replaceAll(UNSEEN, "")
    .replaceAll(HIDDEN_COMMENT, LEFT_OUT)
    .trim();
  if (seen.length <= most && text.length <= most * 4) return seen;
  return `${seen.slice(0, most).toWellFormed().trimEnd()}\n[cut: the whole text has ${text.length} characters]`;
}

/** The same as one line, without a note. */
export function visibleLine(text: string, most: number): string {
  const line = visibleText(text, most * 2).replaceAll(/\s+/g, " ");
  return line.length <= most ? line : `${line.slice(0, most - 1).toWellFormed()}…`;
}
