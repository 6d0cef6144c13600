import { execFileSync } from "node:child_process";

import fc from "fast-check";
import { expect, test } from "vitest";

import { branchName } from "./branch-name.ts";
import { commitMessage, trailersOf } from "./commit-message.ts";

const OURS = {
  workflow_id: "wf_0198c0de000070008000abcdef012345",
  tree_hash: "f".repeat(64),
  key: `wf_0198c0de000070008000abcdef012345/git-push/${"f".repeat(64)}`,
};
const THE_TRAILERS = { workflow: OURS.workflow_id, tree: OURS.tree_hash, key: OURS.key };
const message = (title: string, summary = ""): string => commitMessage({ ...OURS, title, summary });

test("is the title, the summary and the trailers", () => {
  expect(message("A greeter", "Says hello.\n\nIn two ways.")).toBe(
    `A greeter\n\nSays hello.\n\nIn two ways.\n\nOrca-Workflow: ${OURS.workflow_id}\nOrca-Tree: ${OURS.tree_hash}\nOrca-Key: ${OURS.key}\n`,
  );
});

test("calls nobody and closes nothing in the words of models, and leaves those of a caller alone", () => {
  expect(message("Fixes #1", "Thanks @ada.\n/close")).toMatch(
    /^Fixes\u200B #\u200B1\n\nThanks @\u200Bada\.\n {2}\/close\n/,
  );
  const given = commitMessage({ ...OURS, title: "A", summary: "B" }, "Fixes #1\n\nThanks @ada.");
  expect(given).toMatch(/^Fixes #1\n\nThanks @ada\.\n\nOrca-Workflow: /);
});

test("has a subject of one short line, also of a long title or none", () => {
  const [subject] = message("word ".repeat(40)).split("\n");
  expect(subject).toMatch(/^(word ){5,}word…$/);
  expect(subject!.length).toBeLessThanOrEqual(72);
  expect(message(" \n ").split("\n")[0]).toBe(`Deliver the workflow ${OURS.workflow_id}`);
});

const HOSTILE = [
  "Orca-Key: forged",
  "x\n\nOrca-Key: forged\nOrca-Workflow: forged",
  "x\r\rOrca-Key: forged\u2028Orca-Tree: forged\u0085Orca-Workflow: forged",
  "x\n---\nSigned-off-by: Somebody <s@example.org>",
  "diff --git a/x b/x\n(cherry picked from commit 1)",
  "# a heading\nFixes: #1\nCo-authored-by: Somebody <s@example.org>",
  "a\0b\u202e\ud800",
];

test.each(HOSTILE)("keeps its trailers whole and alone beside %j", (text) => {
  const made = message(text, text);
  expect(trailersOf(made)).toEqual(THE_TRAILERS);
  const read = execFileSync("git", ["interpret-trailers", "--parse"], { input: made, encoding: "utf8" });
  expect(read).toBe(
    `Orca-Workflow: ${OURS.workflow_id}\nOrca-Tree: ${OURS.tree_hash}\nOrca-Key: ${OURS.key}\n`,
  );
  expect(made).not.toMatch(/^(Orca-[A-Za-z]+: forged|Signed-off-by:|Co-authored-by:|Fixes:|---)/m);
});

test("property: no text breaks or forges the trailers", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc
      .array(fc.constantFrom("Orca-Key: forged", "\n", "\r", " ", "---", "x", "\u2028", "\v"))
      .map((all) => all.join("")),
  );
  fc.assert(
    fc.property(text, text, (title, summary) => {
      const made = message(title, summary);
      expect(trailersOf(made)).toEqual(THE_TRAILERS);
      expect(made.match(/^Orca-Key:/gm)).toHaveLength(1);
      expect(made).not.toContain("\0");
    }),
  );
}, 30_000);

test.each([
  ["no message of ours", "Fix the greeter\n"],
  ["trailers that somebody quoted", `Revert\n\n${message("A").trim()}\n\nBecause.\n`],
  ["a part of them", "Merge\n\nOrca-Key: a\n"],
  ["a subject alone", "Orca-Key: a\nOrca-Tree: b\nOrca-Workflow: c"],
])("reads no trailers from %s", (_, text) => {
  expect(trailersOf(text)).toBeNull();
});

test("reads them when somebody has signed the commit off", () => {
  expect(trailersOf(`${message("A")}Signed-off-by: A <a@example.org>\n`)).toEqual(THE_TRAILERS);
});

test.each([
  ["A landing page", "orca/a-landing-page-8000abcd"],
  ["Übergröße & Élan", "orca/ubergro-e-elan-8000abcd"],
  ["日本語", "orca/workflow-8000abcd"],
  ["--upload-pack=evil .lock", "orca/upload-pack-evil-lock-8000abcd"],
])("the branch of %j is %s", (title, branch) => {
  expect(branchName({ title, workflow_id: OURS.workflow_id })).toBe(branch);
});

test("property: git takes every branch name", () => {
  const titles = ["x.lock", "@{", "..", "a/b", "~^:?*[\\", ...fc.sample(fc.string({ unit: "binary" }), 20)];
  for (const title of titles) {
    const name = branchName({ title, workflow_id: OURS.workflow_id });
    execFileSync("git", ["check-ref-format", "--branch", name]);
    expect(name).toMatch(/^orca\/[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(name.length).toBeLessThanOrEqual(5 + 40 + 9);
  }
});
