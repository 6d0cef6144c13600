import { expect, test } from "vitest";

import { toWorkflowView } from "../contract/to-workflow-view.ts";
import type { FindingView } from "../contract/workflow-view.ts";
import { built, failed, given, paused } from "../core/workflow/testing/specification.testsuite.ts";
import { moment } from "../core/workflow/testing/workflow-driver.testsuite.ts";
import { workflowLines } from "./workflow-lines.ts";

const retrying = failed("director", "rate_limited");

test("a retry is shown with its time", () => {
  const lines = workflowLines(toWorkflowView(given(retrying).driver.state));
  expect(lines).toContainEqual(expect.stringMatching(`^waits for +retry of director at ${moment(1800)}$`));
});

test("a budget is shown with what is left of it, and none is not", () => {
  const view = toWorkflowView(given(retrying).driver.state);
  expect(workflowLines(view).filter((line) => line.startsWith("budget"))).toEqual([]);
  const left = { cost_usd: 0.03, tokens: 200, duration_s: 1.9, model_calls: 0 };
  const most = { max_cost_usd: 0.05, max_tokens: 1_000, max_duration_s: 600, max_model_calls: 1 };
  expect(workflowLines({ ...view, budget: { ...most, left } })).toContainEqual(
    expect.stringMatching(
      /^budget +\$0\.05, \$0\.03 left; 1,000 tokens, 200 left; 1 model call, 0 left; 600 s, 1 s left$/,
    ),
  );
});

test("the time of a retry does not hold while the workflow is paused", () => {
  const lines = workflowLines(toWorkflowView(given(retrying, paused).driver.state));
  expect(lines.filter((line) => line.includes("retry of"))).toEqual([]);
});

test("criteria, findings and models are told with what they are about", () => {
  const view = toWorkflowView(given(built).driver.state);
  const finding: FindingView = {
    id: "f1",
    severity: "blocking",
    component: "a.js",
    description: "wrong",
    recommendation: "mend it",
    evidence: "",
    evidence_class: "reproduced",
    citations: [],
    receipt: "r1",
    criterion: null,
    fingerprint: "",
    status: "open",
    raised_by: "qa",
    raised_in_cycle: 0,
    resolved_in_cycle: null,
    resolution: null,
  };
  const [criterion] = view.constitution?.acceptance_criteria ?? [];
  const usage = [{ role: "Director", model: "p/m", calls: 1, tokens: 1200 }];
  const lines = workflowLines({ ...view, findings: [finding], completed_at: "2026-01-01" }, { usage });
  const text = lines.join("\n");
  expect(text).toContain(`open  ${criterion?.id}  ${criterion?.level}  ${criterion?.text}`);
  expect(text).toContain(
    "Findings: 1 open, 1 blocking finding\n  f1 (open, blocking, reproduced by r1) a.js: wrong\n    do: mend it",
  );
  expect(text).toMatch(/ended +2026-01-01\n/);
  expect(text).toContain("Director  p/m  1 call  1,200 tokens");
});
