import { describe, expect, test } from "vitest";

import { citationKey } from "../core/citation.ts";
import type { RoleName } from "../core/role-name.ts";
import { NO_BUDGET } from "../core/workflow-config.ts";
import { decideCreation } from "../core/workflow/decide.ts";
import { fold } from "../core/workflow/evolve.ts";
import type { WorkflowState } from "../core/workflow/state.ts";
import { sha256, treeHash } from "./hash.ts";
import { readAnswer } from "./read-answer.ts";
import { brief, judgement, work } from "./testing/plausible-answers.testsuite.ts";
import { ArtifactTree } from "./working-tree.ts";

const STATE: WorkflowState = fold(
  decideCreation({
    type: "workflow.create",
    at: "2026-11-23T10:00:00.000Z",
    actor: "person",
    id: "w1",
    tenant_id: "acme",
    scope_id: null,
    parent_id: null,
    settings: {
      request: "Write.",
      given_title: null,
      given_mode: null,
      pinned: { provider: null, model: null },
      budget: NO_BUDGET,
      delivery: null,
      delivery_choices: [],
      gates: [],
      workspace: null,
      tools: null,
      stall_patience: 2,
      approval_expires_s: null,
      prompts: [],
      config_hash: "c",
    },
    max_qa_retries: 2,
    parked: null,
  }),
);
const SCHEMA = { type: "object" };
const NO_BLOBS = { readBlobs: () => Promise.resolve(new Map<string, string>()) };

function read(role: RoleName, answer: string, tree = new ArtifactTree(NO_BLOBS, [])) {
  return readAnswer({ state: () => STATE }, { role, schema: SCHEMA }, { tree }, answer);
}

const NOT_JSON = [expect.stringContaining("the answer is not one JSON object; it begins with")];

describe("an answer is taken as one JSON object", () => {
  const text = JSON.stringify(brief());
  test.each([
    ["bare", text],
    ["in a fence", `\`\`\`json\n${text}\n\`\`\``],
    ["in a fence after a word", `Sure.\n\n\`\`\`\n${text}\n\`\`\`\n`],
  ])("%s", async (_name, answer) => {
    const { review, output } = await read("director", answer);
    expect(review).toEqual({ faults: [], omissions: [], foreign: [] });
    expect(output).toEqual(brief());
  });

  test.each([
    ["prose", "I can't."],
    ["nothing", ""],
    ["null", "null"],
    ["a list", `[${text}]`],
    ["a text", '"hello"'],
    ["half of it", text.slice(0, -1)],
    ["two of them", `${text}\n${text}`],
    ["an example before the fence", `Such as {}:\n\`\`\`json\n${text}\n\`\`\``],
  ])("and not as %s", async (_name, answer) => {
    expect((await read("director", answer)).review.faults).toEqual(NOT_JSON);
  });
});

test("contents leave the output for blobs, with their hash and their size in bytes", async () => {
  const written = work("grüße");
  const { output, blobs, review } = await read("implementer", JSON.stringify(written));
  expect(review.faults).toEqual([]);
  const content = "hello from grüße\n";
  expect(blobs).toEqual([{ hash: sha256(content), content }]);
  expect(output["artifacts"]).toEqual([
    {
      path: "grüße.txt",
      kind: "document",
      description: "The file grüße.txt",
      hash: sha256(content),
      size: 19,
    },
  ]);
  expect(JSON.stringify(output)).not.toContain("hello");
});

describe("what was written with tools", () => {
  const written = (files: Readonly<Record<string, string>>): ArtifactTree => {
    const tree = new ArtifactTree(NO_BLOBS, []);
    for (const [path, content] of Object.entries(files)) expect(tree.write(path, content)).toBeNull();
    return tree;
  };
  const answer = (over: object): string =>
    JSON.stringify({ artifacts: [], deleted: [], summary: "s", ...over });

  test("is taken from the tree, named in the answer or not", async () => {
    const named = { path: "a.js", kind: "code", description: "A.", content: null };
    const tree = written({ "a.js": "one", "docs/b.md": "two" });
    const { output, blobs, review } = await read("implementer", answer({ artifacts: [named] }), tree);
    expect(review.faults).toEqual([]);
    expect(output["artifacts"]).toMatchObject([
      { path: "a.js", description: "A.", hash: sha256("one") },
      { path: "docs/b.md", kind: "markdown", hash: sha256("two") },
    ]);
    expect(blobs.map(({ content }) => content)).toEqual(["one", "two"]);
  });

  test("gives way to what the answer itself says", async () => {
    const named = { path: "a.js", kind: "code", description: "A.", content: "newer" };
    const { blobs } = await read("implementer", answer({ artifacts: [named] }), written({ "a.js": "one" }));
    expect(blobs.map(({ content }) => content)).toEqual(["newer"]);
  });

  test("can't be claimed", async () => {
    const named = { path: "a.js", kind: "code", description: "A.", content: null };
    const { review } = await read("implementer", answer({ artifacts: [named] }));
    expect(review.faults[0]).toBe("artifact a.js has no content, and no tool has written it");
  });

  test("and nothing at all is a fault", async () => {
    const { review } = await read("implementer", answer({}));
    expect(review.faults).toEqual([expect.stringContaining("artifacts is empty")]);
  });
});

test("of QA's citations those are resolved that stand where they point", async () => {
  const tree = new ArtifactTree(NO_BLOBS, []);
  tree.write("a.txt", "hello from a\n");
  const said = { ...judgement("met") };
  const good = { path: "a.txt", line: 1, quote: "hello from a" };
  const bad = [
    { path: "a.txt", line: 9, quote: null },
    { path: "b.txt", line: 1, quote: null },
    { path: "a.txt", line: 1, quote: "goodbye" },
  ];
  said.criteria = [{ id: "AC1", verdict: "met", evidence: "", citations: [good, ...bad] }];
  const { resolved } = await read("qa", JSON.stringify(said), tree);
  expect(resolved).toEqual([citationKey(good)]);
});

test("a field of another role is named although the answer has faults besides", async () => {
  const { review } = await read("finalizer", JSON.stringify({ summary: "s", findings: [{}] }));
  expect(review.foreign).toEqual(["findings"]);
  expect(review.faults).toHaveLength(1);
});

test("the hash of a tree depends on newest paths and contents, not on their order", () => {
  const artifact = (path: string, hash: string, ordinal: number): never =>
    ({ path, hash, ordinal, id: `a${ordinal}` }) as never;
  const tree = (...artifacts: never[]): WorkflowState => ({
    ...STATE,
    latest_artifacts: artifacts.reduce(
      (map, each) => map.set((each as { path: string }).path, each),
      STATE.latest_artifacts,
    ),
  });
  const first = treeHash(tree(artifact("a", "1", 1), artifact("b", "2", 2)));
  expect(treeHash(tree(artifact("b", "2", 1), artifact("a", "1", 2)))).toBe(first);
  expect(treeHash(tree(artifact("a", "2", 1), artifact("b", "1", 2)))).not.toBe(first);
  expect(treeHash(STATE)).not.toBe(first);
});

test("an empty field of another role is not worth another call", async () => {
  const answer = { summary: "s", delivery_notes: "n", suggestions: [], findings: null, tasks: "" };
  const { review } = await read("finalizer", JSON.stringify(answer));
  expect(review).toEqual({ faults: [], omissions: [], foreign: [] });
});
