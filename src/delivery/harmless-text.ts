/** Invisible, and no part of a word, a mark or a number for those who read Markdown. */
const BREAK = "\u200B";

const REFERENCE = String.raw`(?:[\w.-]+\/[\w.-]+)?\\?#\d|GH-\d|https?:\/\/`;
const CLOSING = new RegExp(
  String.raw`\b(close[sd]?|closing|fix(?:e[sd]|ing)?|resolve[sd]?|resolving|implement(?:s|ed|ing)?)(?=:?\s+(?!\s)(?:issues?\s+(?!\s))?[\W_]{0,20}(?:${REFERENCE}))`,
  "gi",
);
/** What those who build at every commit read as a word to them. */
const TO_BUILDERS = /\[(?=(?:skip ci|ci skip|no ci|skip actions|actions skip)\])/gi;
/** Marks that are written as HTML entities are marks again where the text is shown. */
const HIDDEN_MARK = /&(?=#x?[0-9a-f]{1,8};|(?:commat|num|lt|excl);)/gi;

/**
 * Text of a model for a place where text does things: it calls nobody, refers to and closes no issue, keeps nobody from building,
 * loads no picture and holds no HTML or comment. It reads the same.
 */
export function harmlessText(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cs}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu, (character) =>
      /[\t\n\r]/.test(character) ? character : "",
    )
    .replaceAll(HIDDEN_MARK, `&${BREAK}`)
    .replaceAll(CLOSING, `$1${BREAK}`)
    .replaceAll(/@(?=[\w-])/g, `@${BREAK}`)
    .replaceAll(/#(?=\d)/g, `#${BREAK}`)
    .replaceAll(/\bGH-(?=\d)/gi, (mark) => `${mark}${BREAK}`)
    .replaceAll(TO_BUILDERS, `[${BREAK}`)
    .replaceAll(/!(?=\[)/g, `!${BREAK}`)
    .replaceAll(/<(?=[A-Za-z/!?])/g, `<${BREAK}`);
}

/** At most so many characters, whole lines if there are some; tells that it was cut. */
export function cutBetweenLines(text: string, most: number): string {
  const note = "\n\n(cut here; the rest stands with the workflow)";
  if (text.length <= most) return text;
  const room = Math.max(0, most - note.length);
  const end = text.lastIndexOf("\n", room);
  return text.slice(0, end > 0 ? end : room).toWellFormed() + note;
}
