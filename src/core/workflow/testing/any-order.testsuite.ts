import fc from "fast-check";

import { RECEIPT_STATUSES } from "../../receipt.ts";
import { ROLE_NAMES } from "../../role-name.ts";
import { OUTCOMES } from "../../tool-semantics.ts";
import { next } from "../next.ts";
import { APPROVAL_VERBS, type WorkflowState } from "../state.ts";
import { running } from "./random-workflow.testsuite.ts";
import { contract, imported, ran, receipt, tasks } from "./role-outputs.testsuite.ts";
import { moment, type Order, startOf } from "./workflow-driver.testsuite.ts";

const STEP_IDS = [
  "director",
  "project_manager",
  "architect:0",
  "architect:1",
  "workspace",
  "validation:0",
  "validation:1",
  "qa:0",
  "qa:1",
  "finalizer",
  "delivery",
  "refiner:1",
  "refiner:2",
  "task:t0-0",
  "task:t0-1",
  "task:t1-0",
];

const NO_LIMITS = {
  max_cost_usd: fc.constant(null),
  max_duration_s: fc.constant(null),
  max_model_calls: fc.constant(null),
};
const ANY_CALL = {
  attempt: fc.nat(),
  ordinal: fc.nat(),
  provider: fc.constant("acme"),
  model_asked: fc.constant("large"),
  request_hash: fc.constant("r"),
  prompt_hash: fc.constant("p"),
  packet_hash: fc.constant("k"),
  config_hash: fc.constant("c"),
  reserved_cost_usd: fc.option(fc.double({ min: 0, max: 10, noNaN: true })),
};

/** An order of any shape that the types allow, for steps that exist and steps that do not. */
const anyOrder: fc.Arbitrary<Order> = fc.oneof(
  fc.constantFrom<Order>({ type: "workflow.pause" }, { type: "workflow.cancel" }),
  fc.record({
    type: fc.constant("workflow.resume" as const),
    max_qa_retries: fc.option(fc.nat()),
    pinned: fc.option(fc.record({ provider: fc.option(fc.string()), model: fc.option(fc.string()) })),
    budget: fc.option(fc.record({ ...NO_LIMITS, max_tokens: fc.option(fc.nat()) })),
    outcome: fc.option(fc.constantFrom(...OUTCOMES)),
  }),
  fc.record({
    type: fc.constant("step.request_call" as const),
    step_id: anyStepId(),
    attempt: fc.integer({ min: 0, max: 3 }),
    call: fc.record({ ...ANY_CALL, reserved_tokens: fc.nat() }),
  }),
  anyStepId().map((id) => startOf(id)),
  fc.record({
    type: fc.constant("step.complete" as const),
    step_id: anyStepId(),
    attempt: fc.integer({ min: 0, max: 3 }),
    result: fc.record({
      kind: fc.constant("role" as const),
      role: fc.constantFrom(...ROLE_NAMES),
      output: anyOutput(),
    }),
  }),
  fc.record({
    type: fc.constant("step.complete" as const),
    step_id: anyStepId(),
    attempt: fc.integer({ min: 0, max: 3 }),
    result: fc.constant({ kind: "delivery" as const, receipt }),
  }),
  fc.record({
    type: fc.constant("step.complete" as const),
    step_id: anyStepId(),
    attempt: fc.integer({ min: 0, max: 3 }),
    result: fc.oneof(
      fc.constant({ kind: "tree" as const, tree: imported(["a.js"]) }),
      fc.record({
        kind: fc.constant("validation" as const),
        receipts: fc.array(
          fc
            .record({ status: fc.constantFrom(...RECEIPT_STATUSES), criterion: fc.option(fc.string()) })
            .map(ran),
          { maxLength: 3 },
        ),
      }),
    ),
  }),
  fc.record({
    type: fc.constant("waive" as const),
    what: fc.constantFrom("criterion" as const, "finding" as const),
    id: fc.oneof(fc.constantFrom("AC1", "f1", "__proto__"), fc.string()),
    reason: fc.string(),
  }),
  fc.record({
    type: fc.constant("approval.respond" as const),
    id: fc.constantFrom("ap1", "ap2", "", "__proto__"),
    verb: fc.constantFrom(...APPROVAL_VERBS),
    note: fc.option(fc.string()),
    criteria: fc.option(fc.constantFrom([], contract().constitution.acceptance_criteria)),
    tasks: fc.option(fc.constantFrom([], tasks({ a: ["b"] }), tasks({ "t0-0": [] }))),
  }),
  fc.record({
    type: fc.constant("step.fail" as const),
    step_id: anyStepId(),
    attempt: fc.integer({ min: 0, max: 3 }),
    failure: fc.record({
      code: fc.string(),
      message: fc.string(),
      retry_after_ms: fc.option(fc.integer()),
    }),
    retry_at: fc.constant(moment(1)),
  }),
  fc.record({
    type: fc.constant("step.record" as const),
    step_id: anyStepId(),
    attempt: fc.integer({ min: 0, max: 3 }),
    records: fc.array(
      fc.record({
        type: fc.constant("model.substituted" as const),
        payload: fc.record({ asked: fc.string(), used: fc.string(), reason: fc.string() }),
      }),
      { maxLength: 2 },
    ),
  }),
);

/** An order of any shape; most of them are aimed at a step that runs, or that may start, in the state they meet. */
export const anyAimedOrder: fc.Arbitrary<(state: WorkflowState) => Order> = fc
  .tuple(anyOrder, fc.nat({ max: 100 }))
  .map(([order, aim]) => (state) => {
    if (aim < 20) return order;
    if (order.type === "step.start") return { ...order, step_id: next(state)[0]?.id ?? order.step_id };
    const step = running(state)[aim % 2] ?? running(state)[0];
    return step && "attempt" in order ? { ...order, step_id: step.id, attempt: step.attempt } : order;
  });

function anyStepId(): fc.Arbitrary<string> {
  return fc.oneof(
    {
      weight: 9,
      arbitrary: fc.constantFrom(...STEP_IDS),
    },
    fc.constantFrom("", "__proto__", "toString"),
    fc.string(),
  );
}

/** Objects with the keys that roles use and values of any kind, proper ones among them. */
function anyOutput(): fc.Arbitrary<Record<string, unknown>> {
  const field = fc.oneof(
    fc.string(),
    fc.anything({ maxDepth: 2 }),
    fc.array(fc.record({ key: fc.string(), depends_on: fc.array(fc.string()), id: fc.string() })),
  );
  const names = fc.constantFrom("summary", "tasks", "design", "artifacts", "criteria", "title", "__proto__");
  return fc.dictionary(fc.oneof(names, fc.string()), field, { maxKeys: 6 });
}
