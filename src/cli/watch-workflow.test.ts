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

test("an open approval is followed by every command that answers it", () => {
  const approval = {
    id: `${view.id}:ap1`,
    workflow_id: view.id,
    title: "t",
    gate: "plan",
    status: "open",
    cycle: 0,
    requested_at: "2026-01-01",
    expires_at: null,
    answer: null,
    url: "",
  } as const;
  const gate = { kind: "gate", reason: "plan", message: "The plan waits.", until: null } as const;
  const held = { status: "awaiting_approval", waiting: gate, approval } as const;
  const text = closingLines(watched("waiting", held), options).join("\n");
  for (const verb of ["approvals", "approve", "edit", "request-changes", "reject"])
    expect(text).toContain(`orca ${verb} ${view.id}:ap1`);
  expect(text).not.toContain("workflows resume");
  const paused = closingLines(watched("waiting", { ...held, status: "paused" }), options).join("\n");
  expect(paused).toContain("workflows resume");
});

test("what could not be run is followed by the doctor, the resume and the waiver", () => {
  const text = closingLines(watched("waiting", waiting("sandbox_unavailable", "No bwrap.")), options).join(
    "\n",
  );
  expect(text).toContain("orca doctor --data-dir d");
  expect(text).toContain(`orca workflows resume ${view.id} --data-dir d`);
  expect(text).toContain(`orca workflows waive ${view.id} CRITERION --reason "WHY" --data-dir d`);
});

test("a failure names what is missing and the best tree; what a person rejected is not to be tried again", () => {
  const best = { cycle: 1, tree_hash: "t", open_musts: 1, blocking: 0, files_url: "" };
  const criterion: WorkflowView["criteria"][number] = {
    id: "AC1",
    level: "must",
    text: "It greets.",
    check: null,
    verdict: "unmet",
    evidence: "exit 1",
    citations: [],
    decided_by: "check",
    receipt: "r1",
    cycle: 1,
    waived: null,
  };
  const failed: Partial<WorkflowView> = {
    status: "failed",
    verdict: "rejected",
    error: { code: "stalled", message: "No progress.", step_id: null },
    progress: { best, stagnant: 2, stall_patience: 2 },
    criteria: [criterion, { ...criterion, id: "AC2", waived: "Later." }],
  };
  const text = closingLines(watched("failed", failed), options).join("\n");
  expect(text).toContain("failed, rejected");
  expect(text).toContain("unmet: AC1 It greets. exit 1");
  expect(text).not.toContain("AC2");
  expect(text).toContain(`cycle 1: orca workflows artifacts ${view.id} --tree best --out DIR --data-dir d`);
  expect(text).toContain("try again");
  const error = { code: "rejected", message: "No.", step_id: null };
  expect(closingLines(watched("failed", { ...failed, error }), options).join("\n")).not.toContain(
    "try again",
  );
});
