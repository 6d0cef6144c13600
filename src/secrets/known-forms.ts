/** Anything shorter would be found everywhere. */
export const SHORTEST_KNOWN = 8;

/** A base64 text is read from its third place on where its beginning is unknown, as behind `user:`. */
const BASE64_SHIFTS = [0, 1, 2] as const;

/** Shorter lines of a secret stand in other texts as well. */
const SHORTEST_LINE = 16;
const MOST_LINES = 200;
const PEM_EDGE = /^-----(BEGIN|END) [A-Z0-9 ]+-----$/;

/** The ways in which a secret is written, longest first; none for one that is too short to be told from other text. */
export function knownForms(value: string): readonly string[] {
  if (value.length < SHORTEST_KNOWN) return [];
  const bytes = Buffer.from(value, "utf8");
  const hex = bytes.toString("hex");
  const url = encodeURIComponent(value.toWellFormed());
  const forms = new Set([
    value,
    // Where a message is shown on one line.
    folded(value),
    ...linesOf(value).filter((line) => !/\s/.test(line)),
    // As it stands in JSON and in most programs' strings.
    JSON.stringify(value).slice(1, -1),
    url,
    url.replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()),
    hex,
    hex.toUpperCase(),
    Array.from(value).toReversed().join(""),
    bytes.toString("base64"),
    bytes.toString("base64url"),
    ...BASE64_SHIFTS.flatMap((shift) => shiftedBase64(bytes, shift)),
  ]);
  return [...forms].filter((form) => form.length >= SHORTEST_KNOWN).toSorted((a, b) => b.length - a.length);
}

/** The lines of a secret of many lines that tell something of it. Those with blanks in them may be words of any text. */
export function linesOf(value: string): readonly string[] {
  const lines = value.split(/[\r\n]+/).map((line) => line.trim());
  if (lines.length < 2) return [];
  return lines.filter((line) => line.length >= SHORTEST_LINE && !PEM_EDGE.test(line)).slice(0, MOST_LINES);
}

function folded(value: string): string {
  return value.replaceAll(/[\p{C}\p{Z}\s]+/gu, " ").trim();
}

/** The part of a base64 text that is the same whatever stands before and behind the bytes. */
function shiftedBase64(bytes: Buffer, shift: number): string[] {
  const text = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString("base64")
    .replace(/=+$/, "");
  const first = shift === 0 ? 0 : shift + 1;
  const whole = Math.floor(((shift + bytes.length) * 8) / 6);
  const inner = text.slice(first, whole);
  return [inner, inner.replaceAll("+", "-").replaceAll("/", "_")];
}
