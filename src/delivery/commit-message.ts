import type { DeliveryContext } from "../ports/delivery-action.ts";
import { harmlessText } from "./harmless-text.ts";

/** What a commit of a delivery says of itself, at its end and nowhere else. */
export type DeliveryTrailers = { readonly workflow: string; readonly tree: string; readonly key: string };

const LONGEST_SUBJECT = 72;
const LONGEST_BODY = 8_000;

/**
 * The subject is the title, the body the summary, which do nothing where the commit is shown; or both are the caller's own
 * text, as it is. The trailers are the last paragraph, whatever stands in those.
 */
export function commitMessage(
  context: Pick<DeliveryContext, "title" | "summary" | "workflow_id" | "tree_hash" | "key">,
  own: string | null = null,
): string {
  const { workflow_id, tree_hash, key } = context;
  const trailers = [
    ["Orca-Workflow", workflow_id],
    ["Orca-Tree", tree_hash],
    ["Orca-Key", key],
  ].map(([name, value]) => `${name}: ${oneLine(value!)}`);
  const [subject = "", ...rest] = own?.split("\n") ?? [harmlessText(context.title.slice(0, LONGEST_BODY))];
  const body = bodyOf(
    own === null ? harmlessText(context.summary.slice(0, LONGEST_BODY)) : rest.join("\n").trim(),
  );
  return (
    [subjectOf({ title: subject, workflow_id }), ...(body === "" ? [] : [body]), trailers.join("\n")].join(
      "\n\n",
    ) + "\n"
  );
}

/** What the last paragraph of a message says; null for a commit that is no delivery of ours. */
export function trailersOf(message: string): DeliveryTrailers | null {
  const paragraphs = message.trimEnd().split(/\n[ \t]*\n/);
  if (paragraphs.length < 2) return null;
  const said = new Map(
    paragraphs
      .at(-1)!
      .split("\n")
      .flatMap((line) => {
        const [, name, value] = /^(Orca-[A-Za-z]+): (.+)$/.exec(line) ?? [];
        return name === undefined || value === undefined ? [] : [[name, value.trim()] as const];
      }),
  );
  const [workflow, tree, key] = ["Orca-Workflow", "Orca-Tree", "Orca-Key"].map((name) => said.get(name));
  if (workflow === undefined || tree === undefined || key === undefined) return null;
  return { workflow, tree, key };
}

function subjectOf({ title, workflow_id }: Pick<DeliveryContext, "title" | "workflow_id">): string {
  const said = oneLine(title);
  const named = MEANS_SOMETHING.test(said) ? `Deliver ${said}` : said;
  const text = named || `Deliver the workflow ${oneLine(workflow_id)}`;
  if (text.length <= LONGEST_SUBJECT) return text;
  const cut = text
    .slice(0, LONGEST_SUBJECT - 1)
    .toWellFormed()
    .replace(/\ufffd$/u, "");
  return `${cut.replace(/\s+\S{0,15}$/u, "")}…`;
}

function bodyOf(summary: string): string {
  const lines = summary
    .slice(0, LONGEST_BODY)
    .toWellFormed()
    .split(/\r\n?|[\n\v\f\u0085\u2028\u2029]/u)
    .map((line) => plain(line).trimEnd());
  return lines
    .map((line) => (MEANS_SOMETHING.test(line) ? `  ${line}` : line))
    .join("\n")
    .replaceAll(/\n{3,}/g, "\n\n")
    .replace(/^\n+|\n+$/g, "");
}

/** Lines that git and those who read its messages take for more than text: trailers, and the end of the message. */
const MEANS_SOMETHING =
  /^([A-Za-z0-9]+(-[A-Za-z0-9]+)+\s*:|(fixes|closes|resolves|cc|bug|link|refs?)\s*:|\/[a-z]|\(cherry picked|---|diff --git|Index: |#)/i;

function oneLine(text: string): string {
  return plain(text.toWellFormed().replaceAll(/[\s\u0085\p{Zl}\p{Zp}]+/gu, " ")).trim();
}

/** Without control characters, and without those that turn the direction of what is read. */
function plain(line: string): string {
  return line.replaceAll("\t", "  ").replaceAll(/[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu, "");
}
