import { expect, test } from "vitest";

import { begun, failed, given } from "../core/workflow/testing/specification.testsuite.ts";
import { moment } from "../core/workflow/testing/workflow-driver.testsuite.ts";
import { toWorkflowView } from "./to-workflow-view.ts";

const director = { id: "director", kind: "role", role: "director", task_id: null, attempt: 1 };

test("a step that is tried again is queued until its time", () => {
  const { execution } = toWorkflowView(given(failed("director", "rate_limited")).driver.state);
  expect(execution).toMatchObject({ running_steps: [], active_tasks: [], current_role: "director" });
  expect(execution.queued_steps).toEqual([{ ...director, available_at: moment(1800) }]);
});

test("a step that runs is not queued", () => {
  const { execution } = toWorkflowView(given(begun("director")).driver.state);
  expect(execution).toMatchObject({ running_steps: [director], queued_steps: [] });
});

test("spend is by role in their order; one unknown price makes the cost unknown, and what is open stays apart", () => {
  const { state } = given(begun("director")).driver;
  const spent = { model_calls: 2, input_tokens: 100, output_tokens: 10, cost_usd: 0.1, unpriced_calls: 0 };
  const open_steps = state.head.open_steps.map((step) => ({
    ...step,
    call: { ordinal: 1, reserved_cost_usd: 0.4, reserved_tokens: 900 },
  }));
  const lost = { ordinal: 1, step_id: "x", attempt: 1, role: "qa" as const, task_id: null };
  const head = {
    ...state.head,
    spend: [
      { role: "qa" as const, ...spent, cost_usd: 0.2, unpriced_calls: 1 },
      { role: "director" as const, ...spent },
    ],
    open_steps,
    in_doubt: [{ ...lost, reserved_cost_usd: 0.2, reserved_tokens: 50 }],
  };
  const { spend } = toWorkflowView({ ...state, head });
  const tokens = { model_calls: 2, input_tokens: 100, output_tokens: 10 };
  expect(spend).toEqual({
    model_calls: 4,
    input_tokens: 200,
    output_tokens: 20,
    cost_usd: null,
    cost_usd_known: 0.3,
    calls_without_price: 1,
    by_role: [
      { role: "director", ...tokens, cost_usd: 0.1, cost_usd_known: 0.1, calls_without_price: 0 },
      { role: "qa", ...tokens, cost_usd: null, cost_usd_known: 0.2, calls_without_price: 1 },
    ],
    pending: { model_calls: 2, tokens: 950, cost_usd: 0.6 },
  });
});

test("a budget says what is left of it, with what is in flight set aside and never below nothing", () => {
  const { state } = given(begun("director")).driver;
  const open_steps = state.head.open_steps.map((step) => ({
    ...step,
    call: { ordinal: 1, reserved_cost_usd: 0.4, reserved_tokens: 900 },
  }));
  const limits = { max_cost_usd: 1, max_tokens: 500, max_duration_s: 60, max_model_calls: null };
  const head = { ...state.head, open_steps, running_since: moment(0), worked_ms: 5_000 };
  const view = toWorkflowView(
    { ...state, head, settings: { ...state.settings, budget: limits } },
    moment(10),
  );
  expect(view.budget).toEqual({
    ...limits,
    left: { cost_usd: 0.6, tokens: 0, duration_s: 45, model_calls: null },
  });
});
