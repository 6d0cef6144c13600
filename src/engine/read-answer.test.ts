import { describe, expect, test } from "vitest";

import { NO_BUDGET } from "../core/workflow-config.ts";
import { decideCreation } from "../core/workflow/decide.ts";
import { fold } from "../core/workflow/evolve.ts";
import type { WorkflowState } from "../core/workflow/state.ts";
import { sha256, treeHash } from "./hash.ts";
import { readAnswer } from "./read-answer.ts";
import { brief, work } from "./testing/plausible-answers.testsuite.ts";

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
      prompts: [],
      config_hash: "c",
    },
    max_qa_retries: 2,
    parked: null,
  }),
);
const SCHEMA = { type: "object" };
const NOT_JSON = [expect.stringContaining("the answer is not one JSON object; it begins with")];

describe("an answer is taken as one JSON object", () => {
  const text = JSON.stringify(brief());
  test.each([
    ["bare", text],
    ["in a fence", `\`\`\`json\n${text}\n\`\`\``],
    ["in a fence after a word", `Sure.\n\n\`\`\`\n${text}\n\`\`\`\n`],
  ])("%s", (_name, answer) => {
    const { review, output } = readAnswer(STATE, "director", SCHEMA, answer);
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
  ])("and not as %s", (_name, answer) => {
    expect(readAnswer(STATE, "director", SCHEMA, answer).review.faults).toEqual(NOT_JSON);
  });
});

test("contents leave the output for blobs, with their hash and their size in bytes", () => {
  const written = work("grüße");
  const { output, blobs, review } = readAnswer(STATE, "implementer", SCHEMA, JSON.stringify(written));
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

test("a field of another role is named although the answer has faults besides", () => {
  const { review } = readAnswer(STATE, "finalizer", SCHEMA, JSON.stringify({ summary: "s", findings: [{}] }));
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

test("an empty field of another role is not worth another call", () => {
  const answer = { summary: "s", delivery_notes: "n", suggestions: [], findings: null, tasks: "" };
  const { review } = readAnswer(STATE, "finalizer", SCHEMA, JSON.stringify(answer));
  expect(review).toEqual({ faults: [], omissions: [], foreign: [] });
});
