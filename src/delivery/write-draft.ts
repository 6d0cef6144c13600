import { inlineText } from "../bundle/markdown-text.ts";
import type { DeliveredArtifact, DeliveryContext } from "../ports/delivery-action.ts";
import { artifactMarkdown, isProse } from "./artifact-markdown.ts";
import { splitFrontMatter, withFrontMatter } from "./front-matter.ts";

const LONGEST_HEADING = 1_000;

export type WrittenDraft = {
  readonly title: string;
  /** With front matter. */
  readonly draft: string;
  /** For a page: with the title as its first heading. */
  readonly markdown: string;
};

/** Front matter that a text has of its own is kept, but for what says where it comes from and that it is a draft. */
export async function writeDraft(
  source: DeliveredArtifact,
  context: Pick<DeliveryContext, "title" | "workflow_id" | "at">,
): Promise<WrittenDraft> {
  const { fields: given, body: whole } = await splitFrontMatter(artifactMarkdown(source));
  const heading = isProse(source.path) ? headingAtTop(whole) : null;
  const title = textIn(given, "title") ?? heading?.title ?? oneLine(context.title, source.path);
  const body = heading?.title === title ? heading.rest : whole;
  const described = textIn(given, "description") ?? oneLine(source.description, "");
  const fields = new Map<unknown, unknown>([
    ["title", title],
    ["date", context.at.slice(0, 10)],
    ...(described === "" ? [] : [["description", described] as const]),
  ]);
  for (const [key, value] of given) if (!fields.has(key)) fields.set(key, value);
  fields.set("status", "draft").set("workflow", context.workflow_id);
  // What some generators ask instead.
  if (given.has("draft")) fields.set("draft", true);
  if (given.has("published")) fields.set("published", false);
  const markdown = body.startsWith("# ") ? body : `# ${inlineText(title)}\n\n${body}`;
  return { title, draft: await withFrontMatter({ fields, body }), markdown };
}

/** A first line that is a plain title: it moves into the front matter, where generators take it from. */
function headingAtTop(body: string): { readonly title: string; readonly rest: string } | null {
  const end = body.slice(0, LONGEST_HEADING).indexOf("\n");
  if (end < 0 && body.length > LONGEST_HEADING) return null;
  const line = (end < 0 ? body : body.slice(0, end)).replace(/\r$/, "");
  if (!line.startsWith("# ")) return null;
  const title = withoutClosing(line.slice(2).trim());
  if (title === "" || /[\r`*_[\]<>\\&]/.test(title)) return null;
  return { title, rest: body.slice(end < 0 ? body.length : end + 1).replace(/^(?:[ \t]*\r?\n)+/, "") };
}

/** `Title ##` is a heading of `Title`; `C#` is one of `C#`. */
function withoutClosing(title: string): string {
  const words = title.split(" ");
  return /^#+$/.test(words.at(-1)!) ? words.slice(0, -1).join(" ").trimEnd() : title;
}

function textIn(fields: ReadonlyMap<unknown, unknown>, key: string): string | null {
  const value = fields.get(key);
  return typeof value === "string" && value.trim() !== "" ? oneLine(value, "") : null;
}

function oneLine(text: string, otherwise: string): string {
  return text.replaceAll(/\s+/g, " ").trim() || otherwise;
}
