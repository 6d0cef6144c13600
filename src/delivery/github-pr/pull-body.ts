import { closedMarkdown } from "../../bundle/markdown-text.ts";
import { reportSections } from "../../bundle/report-sections.ts";
import { type DeliveryContext, DeliveryError } from "../../ports/delivery-action.ts";
import { cutBetweenLines, harmlessText } from "../harmless-text.ts";

/** GitHub takes no longer text. */
const LONGEST_BODY = 65_536;
const LONGEST_SUMMARY = 16_000;
const LONGEST_NOTES = 12_000;
const LONGEST_TITLE = 200;
const LEAST_ROOM = 2_000;

/**
 * The body with what is ours in it: of what people have written around it nothing is lost, and our part is replaced where it
 * stands. `lead` is the caller's own text in the place of the summary.
 */
export function pullBody(existing: string, context: DeliveryContext, lead: string | null): string {
  const [begin, end] = [
    `<!-- orca:begin ${context.workflow_id} -->`,
    `<!-- orca:end ${context.workflow_id} -->`,
  ];
  // GitHub's own pages send lines that end in CRLF.
  const text = existing.replaceAll("\r\n", "\n");
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  const isThere = from >= 0 && to > from;
  const before = isThere ? text.slice(0, from) : text === "" ? "" : `${text.trimEnd()}\n\n`;
  const after = isThere ? text.slice(to + end.length) : "";
  const room = LONGEST_BODY - before.length - after.length - begin.length - end.length - 4;
  if (room < LEAST_ROOM)
    throw new DeliveryError(
      "The text of the pull request leaves no room for the report; shorten it on GitHub, then deliver again.",
    );
  return `${before}${begin}\n\n${section(context, lead, room)}\n\n${end}${after}`;
}

/** One line; a model's words call nobody. */
export function pullTitle({ title, workflow_id }: DeliveryContext): string {
  const line = harmlessText(title).replaceAll(/\s+/g, " ").trim();
  return cutTitle(line) || `Deliver the workflow ${workflow_id}`;
}

function cutTitle(line: string): string {
  return line.length <= LONGEST_TITLE ? line : `${line.slice(0, LONGEST_TITLE - 1).toWellFormed()}…`;
}

function section(context: DeliveryContext, lead: string | null, room: number): string {
  const { workflow_id, tree_hash, report } = context;
  const footer = `---\nDelivered by ts-orca from the workflow \`${workflow_id}\`, tree \`${tree_hash}\`.`;
  const left = room - footer.length - 2;
  const said = lead ?? harmless(context.summary, Math.min(LONGEST_SUMMARY, Math.floor(left / 3)));
  const notes = harmless(context.delivery_notes, Math.min(LONGEST_NOTES, Math.floor(left / 4)));
  const words = [said, ...(notes === "" ? [] : [`## Notes\n\n${notes}`])].filter((part) => part !== "");
  const spent = words.reduce((sum, part) => sum + part.length + 2, 0);
  const facts = cutBetweenLines(harmlessText(reportSections(report)), Math.max(0, left - spent));
  return [...words, facts, footer].join("\n\n").slice(0, room);
}

function harmless(text: string, most: number): string {
  const closing = 200; // what closes a block that was cut open
  return closedMarkdown(cutBetweenLines(harmlessText(text.trim()), most - closing)).trimEnd();
}
