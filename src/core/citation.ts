import { z } from "zod";

/** A place that shows something: in a file of the tree, or in the output of a receipt. */
export const Citation = z.object({
  path: z.string().describe("Path of a file of the tree, or the id of a receipt such as r3."),
  line: z.int().min(1).nullable().describe("Line in the file, counted from 1, or null."),
  quote: z.string().nullable().describe("The words that stand there, copied exactly, or null."),
});
export type Citation = z.infer<typeof Citation>;

/** Names a citation among others. */
export function citationKey({ path, line, quote }: Citation): string {
  return JSON.stringify([path, line, quote]);
}

/** A quote may begin and end a little beside the line that was named with it. */
const LINES_BESIDE = 3;
const SHORTEST_QUOTE = 3;

/** Whether what is cited stands there. A citation without a line and a quote shows nothing. */
export function resolves({ line, quote: given }: Citation, content: string | null): boolean {
  const quote = given === null || given.trim() === "" ? null : given;
  if (content === null || (line === null && quote === null)) return false;
  const lines = content.split("\n");
  if (line !== null && (lines[line - 1] ?? "").trim() === "") return false;
  if (quote === null) return true;
  const wanted = squeezed(quote);
  if (wanted.length < SHORTEST_QUOTE) return false;
  const length = quote.trim().split("\n").length;
  const place =
    line === null
      ? lines
      : lines.slice(Math.max(0, line - 1 - LINES_BESIDE), line + LINES_BESIDE + length - 1);
  return squeezed(place.join("\n")).includes(wanted);
}

function squeezed(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
