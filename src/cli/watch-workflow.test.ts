import { expect, test } from "vitest";

import { toWorkflowView } from "../contract/to-workflow-view.ts";
import type { WorkflowView } from "../contract/workflow-view.ts";
import { begun, given } from "../core/workflow/testing/specification.testsuite.ts";
import { closingLines, figuresLine, type Watched } from "./watch-workflow.ts";

const options = { next: (words: string) => `orca ${words} --data-dir d`, out: "DIR" };
const view = toWorkflowView(given(begun("director")).driver.state);

function watched(reason: Watched["reason"], changed: Partial<WorkflowView>, connected = true): Watched {
  return { workflow: { ...view, ...changed }, reason, connected };
}

function waiting(reason: string, message: string) {
  return { status: "paused", waiting: { kind: "paused", reason, message, until: null } } as const;
}

test("used up repair cycles are followed by a command that grants one more", () => {
  const error = { code: "repair_exhausted", message: "f1 stands", step_id: null };
  const execution = { ...view.execution, cycle: 2, max_qa_retries: 2 };
  const lines = closingLines(watched("failed", { status: "failed", error, execution }), options);
  expect(lines.at(-1)).toContain(`orca workflows resume ${view.id} --max-qa-retries 3 --data-dir d`);
});

test.each([
  [true, false],
  [false, true],
])("no model: what is wrong is told; with a provider %s the way to one is %s", (connected, advised) => {
  const message = "No model is named, and no list of models can be had from gateway.";
  const text = closingLines(watched("waiting", waiting("no_model", message), connected), options).join("\n");
  expect(text).toContain(message);
  expect(text.includes("export ANTHROPIC_API_KEY")).toBe(advised);
});

test("an unknown model is followed by the list of models and the choice of another", () => {
  const text = closingLines(watched("waiting", waiting("unknown_model", "no x")), options).join("\n");
  expect(text).toMatch(/orca models --data-dir d\n.* resume \w+ --model PROVIDER\/MODEL --data-dir d/);
});

test("artifacts that are written already are not advised to be written", () => {
  expect(closingLines(watched("ok", {}), options)).toHaveLength(2);
  expect(closingLines(watched("ok", {}), { ...options, out: null })).toHaveLength(1);
});

test("a run that was left counts until it was left", () => {
  const now = Date.parse(view.started_at ?? view.created_at) + 5000;
  expect(figuresLine(watched("interrupted", { closed: false }), now)).toContain("  5.0s,");
});
