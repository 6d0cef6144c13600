import { expect, test } from "vitest";
import { parse } from "yaml";

import { aDeliverable } from "../bundle/a-deliverable.testsuite.ts";
import type { DeliveredArtifact, Deliverable } from "../ports/delivery-action.ts";
import { writeDraft } from "./write-draft.ts";

/** The draft of one text, taken apart again. */
async function write(
  text: string,
  { path = "post.md", ...more }: Partial<DeliveredArtifact> = {},
  over: Partial<Deliverable> = {},
) {
  const deliverable = aDeliverable([[path, text, more]], over);
  const { draft, ...rest } = await writeDraft(deliverable.artifacts[0]!, deliverable);
  const [, yaml = "", body = ""] = /^---\n([^]*?)\n---\n\n([^]*)$/.exec(draft) ?? [];
  return { ...rest, yaml, fields: parse(yaml) as unknown, body };
}

test("a draft has front matter, and its title moves into it", async () => {
  const draft = await write("\n# Why we greet\n\nBecause **we** can.\n");
  expect(draft.fields).toEqual({
    title: "Why we greet",
    date: "2026-02-03",
    description: "What post.md is for.",
    status: "draft",
    workflow: "wf_0198c0de000070004f2a91c0deadbeef",
  });
  expect(draft.body).toBe("Because **we** can.\n");
  expect(draft.markdown).toBe("# Why we greet\n\nBecause **we** can.");
});

test("a draft keeps the front matter that the text has, but is a draft all the same", async () => {
  const text =
    "---\ntitle: Given\ntags: [a, b]\nstatus: published\ndraft: false\nworkflow: other\n---\n\n# Heading\n\nText.\n";
  const { fields, body } = await write(text);
  expect(fields).toEqual({
    title: "Given",
    date: "2026-02-03",
    description: "What post.md is for.",
    tags: ["a", "b"],
    status: "draft",
    workflow: "wf_0198c0de000070004f2a91c0deadbeef",
    draft: true,
  });
  expect(body).toBe("# Heading\n\nText.\n");
});

test.each([
  'a: "quoted" \\ title',
  "--- ends it",
  "'single' # comment",
  "{not: a, mapping}",
  "@at %percent !bang & more",
  "yes",
  "2026-01-01",
  "日本語: ✓",
])("a draft has the title %s, whatever YAML makes of such signs", async (title) => {
  const { fields, yaml } = await write("Text.\n", {}, { title });
  expect(fields).toMatchObject({ title, status: "draft" });
  expect(parse(yaml, { version: "1.1" })).toMatchObject({ title, date: "2026-02-03" });
  expect(yaml.split("\n").filter((line) => /^(---|\.\.\.)/.test(line))).toEqual([]);
});

test("a draft can't be given more fields by a title or description of many lines", async () => {
  const description = "one\nstatus: published\n---\ntwo";
  const { fields } = await write("Text.", { description }, { title: "a\nstatus: published" });
  expect(fields).toMatchObject({
    title: "a status: published",
    description: "one status: published --- two",
    status: "draft",
  });
});

test.each([
  ["no mapping", "---\n- a\n- b\n---\n\nText.\n"],
  ["no YAML", "---\na: [b\n---\n\nText.\n"],
  ["nested too deeply", `---\na: ${"[".repeat(15_000)}\n---\n\nText.\n`],
  [
    "multiplied by aliases",
    `---\na: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefgh"
      .split("")
      .map(
        (name, index) =>
          `${name}: &${name} [${Array.from({ length: 9 }, () => `*${"abcdefg"[index]}`).join(",")}]`,
      )
      .join("\n")}\n---\n\nText.\n`,
  ],
  ["not closed", "---\ntitle: x\n\nText.\n"],
])("a draft keeps front matter that is %s in its text", async (_, text) => {
  const { fields, body } = await write(text);
  expect(Object.keys(fields as object)).toEqual(["title", "date", "description", "status", "workflow"]);
  expect(body.trim()).toBe(text.trim());
});

test("a draft shows what is no prose as a block of code", async () => {
  const { body } = await write('{"a": "```"}\n', { path: "data.json" });
  expect(body).toBe('````json\n{"a": "```"}\n````\n');
});

test.each([
  ["that is closed", "# Plain ##", "Plain"],
  ["between blanks", "#  Spaced  #  ", "Spaced"],
  ["that ends in a mark", "# C#", "C#"],
  ["of marks alone", "# ##", null],
  ["with a markup", "# *Marked*", null],
  ["that is too long for one", `# ${"x".repeat(1_001)}`, null],
])("of a heading %s is made what is a title", async (_, line, title) => {
  const { fields, body } = await write(`${line}\n\nText.\n`, {}, { title: "Of the work" });
  expect(fields).toMatchObject({ title: title ?? "Of the work" });
  expect(body).toBe(title === null ? `${line}\n\nText.\n` : "Text.\n");
});

test.each([
  ["spaces", `# x${" ".repeat(1_000_000)}*`],
  ["marks", `# x${" #".repeat(500_000)}*`],
  ["empty lines", `# x\n${" \n".repeat(500_000)}*`],
  ["blanks before the text", `${" \n".repeat(200_000)}${" ".repeat(600_000)}*`],
  ["front matter that never ends", `---\n${"---x\n".repeat(200_000)}`],
])("a draft of a megabyte of %s takes no time", async (_, text) => {
  const started = performance.now();
  await write(text);
  expect(performance.now() - started).toBeLessThan(1_000);
});
