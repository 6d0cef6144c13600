import { expect, test } from "vitest";

import { toWorkflowView } from "../contract/to-workflow-view.ts";
import type { WorkflowView } from "../contract/workflow-view.ts";
import { NO_BUDGET } from "../core/workflow-config.ts";
import { beyondBudget } from "../core/workflow/budget.ts";
import { begun, given } from "../core/workflow/testing/specification.testsuite.ts";
import { closingLines, figuresLine, type Watched } from "./watch-workflow.ts";

const options = { next: (words: string) => `orca ${words} --data-dir d`, out: "DIR" };
const { state } = given(begun("director")).driver;
const view = toWorkflowView(state);

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

test.each([
  ["max_cost_usd", 0.05, "--max-cost-usd DOLLARS"],
  ["max_cost_usd", 1e-7, "--max-cost-usd DOLLARS"],
  ["max_tokens", 900, "--max-tokens NUMBER"],
  ["max_model_calls", 3, "--max-model-calls NUMBER"],
  ["max_duration_s", 60, "--max-duration-s SECONDS"],
] as const)(
  "a workflow whose own %s of %d is reached is told the flag that raises it",
  (limit, most, flag) => {
    const { head, settings } = state;
    const much = { model_calls: 9, input_tokens: 9_000, output_tokens: 0, cost_usd: 9, unpriced_calls: 0 };
    const used = { ...head, worked_ms: 9e6, spend: [{ role: "qa", ...much }] } as typeof head;
    const own = { ...NO_BUDGET, [limit]: most };
    const call = { reserved_cost_usd: 1, reserved_tokens: 1 };
    const spent = { ...state, head: used, settings: { ...settings, budget: own } };
    const message = beyondBudget(spent, call, head.updated_at) ?? "";
    const budget = { ...view.budget, ...own };
    const lines = closingLines(watched("waiting", { ...waiting("budget", message), budget }), options);
    expect(lines.at(-1)).toBe(
      `Raise it and continue with: orca workflows resume ${view.id} ${flag} --data-dir d`,
    );
  },
);

test("a shared budget says itself what raises it", () => {
  const message = "The budget of the tenant for this day is $1.00. Raise budgets.tenant.day, or wait.";
  const budget = { ...view.budget, max_cost_usd: 5 };
  const text = closingLines(watched("waiting", { ...waiting("budget", message), budget }), options).join(
    "\n",
  );
  expect(text).toContain(message);
  expect(text).toContain(`Then continue it with: orca workflows resume ${view.id} --data-dir d`);
  expect(text).not.toContain("--max-");
});

test("an outside effect whose end is not known is followed by both answers", () => {
  const text = closingLines(watched("waiting", waiting("outcome", "Look it up.")), options).join("\n");
  expect(text).toContain(`resume ${view.id} --outcome happened --data-dir d\n`);
  expect(text).toContain(`resume ${view.id} --outcome repeat --data-dir d`);
});

test("the figures have the cost once a model was asked", () => {
  const cost = { cost_usd: 0.25, cost_usd_known: 0.25, calls_without_price: 0 };
  const spend = { ...view.spend, model_calls: 2, input_tokens: 900, output_tokens: 100, ...cost };
  expect(figuresLine(watched("ok", { spend }))).toContain("2 model calls, 1,000 tokens, $0.25, 0 artifacts");
  const unknown = { ...spend, cost_usd: null, cost_usd_known: 0 };
  expect(figuresLine(watched("ok", { spend: unknown }))).toContain("tokens, cost unknown, ");
  expect(figuresLine(watched("ok", {}))).not.toContain("$");
});

test("artifacts that are written already are not advised to be written", () => {
  expect(closingLines(watched("ok", {}), options)).toHaveLength(2);
  expect(closingLines(watched("ok", {}), { ...options, out: null })).toHaveLength(1);
});

test("a run that was left counts until it was left", () => {
  const now = Date.parse(view.started_at ?? view.created_at) + 5000;
  expect(figuresLine(watched("interrupted", { closed: false }), now)).toContain("  5.0s,");
});
