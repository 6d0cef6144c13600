import { stripVTControlCharacters } from "node:util";

/**
 * Characters that a person does not see but a terminal or a model obeys: controls but tab and line feed, marks of
 * writing direction, zero-width spaces, and the tags and selectors that smuggle letters.
 */
const UNSEEN =
  // oxlint-disable-next-line no-control-regex -- these are the characters to find
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu;

/** The text without terminal sequences and unseen characters, as well-formed Unicode. */
export function cleanText(text: string): string {
  return stripVTControlCharacters(text.toWellFormed())
    .replaceAll(/\r\n?|[\u2028\u2029]/g, "\n")
    .replaceAll(UNSEEN, "");
}

/** Cleaned and cut to so many characters, of which the last one is then an ellipsis. */
export function cleanLine(text: string, longest: number): string {
  // Four times as much is enough to clean, and a description of 10 MB is not walked through.
  const characters = Array.from(cleanText(text.slice(0, longest * 4)).trim());
  const isWhole = text.length <= longest * 4 && characters.length <= longest;
  return isWhole ? characters.join("") : `${characters.slice(0, longest - 1).join("")}…`;
}

export function hasUnseen(text: string): boolean {
  return text.search(UNSEEN) !== -1;
}

/** Cleaned and cut to so many bytes of UTF-8, by whole characters and with a note on the whole size. */
export function cleanBytes(text: string, longest: number): string {
  const clean = cleanText(text.slice(0, longest * 2));
  if (text.length <= longest * 2 && Buffer.byteLength(clean) <= longest) return clean;
  const note = `\n[cut: the whole result has ${Buffer.byteLength(text)} bytes]`;
  const bytes = Buffer.from(clean).subarray(0, longest - Buffer.byteLength(note));
  return new TextDecoder().decode(bytes, { stream: true }) + note;
}
