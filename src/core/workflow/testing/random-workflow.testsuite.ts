import fc from "fast-check";

import { SEVERITIES, VERDICTS } from "../../documents.ts";
import { FAILURE_CODES } from "../../failure-policy.ts";
import { type Receipt, RECEIPT_STATUSES } from "../../receipt.ts";
import { MODES } from "../../role-name.ts";
import { type Gate, GATES } from "../../workflow-config.ts";
import type { CreateWorkflow, StepResult } from "../commands.ts";
import { next } from "../next.ts";
import { APPROVAL_VERBS, type OpenStep, type WorkflowState } from "../state.ts";
import { criterionIds, editedPlan, outputFor } from "./random-output.testsuite.ts";
import { imported, ran, receipt } from "./role-outputs.testsuite.ts";
import {
  type Change,
  creation,
  failureOf,
  type Order,
  startOf,
  WorkflowDriver,
} from "./workflow-driver.testsuite.ts";

const anything = fc.nat({ max: 1000 });

/** The raw material of a role's output; `outputFor` reads it in the light of the state. */
export const draft = fc.record({
  title: fc.string({ maxLength: 12 }),
  mode: fc.constantFrom(...MODES),
  levels: fc.array(fc.constantFrom("must" as const, "should" as const), { minLength: 1, maxLength: 6 }),
  graph: fc.array(anything, { minLength: 1, maxLength: 5 }),
  reversed: fc.boolean(),
  graph_fault: rarely("circle", "unknown", "twice", "existing", "key", "criterion"),
  paths: fc.array(fc.record({ place: anything, content: anything }), { minLength: 1, maxLength: 3 }),
  path_fault: rarely("parent", "absolute", "case twin", "twice", "file as directory"),
  verdicts: fc.array(
    fc.oneof({ weight: 5, arbitrary: fc.constant("met" as const) }, fc.constantFrom(...VERDICTS)),
    {
      minLength: 6,
      maxLength: 6,
    },
  ),
  silent: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, fc.constant(true)),
  findings: fc.array(
    fc.record({ severity: fc.constantFrom(...SEVERITIES), id: anything, criterion: anything }),
    { maxLength: 3 },
  ),
  checks: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
  receipts: fc.array(
    fc.record({
      about: anything,
      status: fc.oneof(
        { weight: 6, arbitrary: fc.constant("passed" as const) },
        fc.constantFrom(...RECEIPT_STATUSES),
      ),
      blocks: fc.boolean(),
    }),
    { maxLength: 5 },
  ),
  writes: fc.array(anything, { minLength: 5, maxLength: 5 }),
  deletes: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true)),
  found: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
  boasts: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
  foreign: fc.oneof(
    { weight: 5, arbitrary: fc.constant<string[]>([]) },
    fc.uniqueArray(
      fc.constantFrom<string[]>(
        "goals",
        "constitution",
        "plan",
        "design",
        "tasks",
        "artifacts",
        "criteria",
        "findings",
        "delivery_notes",
        "suggestions",
      ),
      { minLength: 1, maxLength: 3 },
    ),
  ),
});
export type Draft = typeof draft extends fc.Arbitrary<infer T> ? T : never;

function rarely<T extends string>(...faults: T[]): fc.Arbitrary<T | null> {
  return fc.oneof({ weight: 8, arbitrary: fc.constant(null) }, fc.constantFrom(...faults));
}

const usage = fc.record({
  input_tokens: anything,
  output_tokens: anything,
  cached_input_tokens: anything,
  reasoning_tokens: anything,
});

const start = fc.record({ kind: fc.constant("start" as const), pick: anything, judged: fc.boolean() });
const complete = fc.record({ kind: fc.constant("complete" as const), pick: anything, draft });
const fail = fc.record({
  kind: fc.constant("fail" as const),
  pick: anything,
  code: fc.oneof(
    { weight: 4, arbitrary: fc.constant("network") },
    { weight: 1, arbitrary: fc.constant("refusal") },
    fc.constantFrom(...FAILURE_CODES, "unheard_of"),
  ),
});
const record = fc.record({ kind: fc.constant("record" as const), pick: anything, usage });
const request = fc.record({
  kind: fc.constant("request" as const),
  pick: anything,
  cost: fc.option(fc.nat({ max: 5 })),
  tokens: anything,
});
const resume = fc.record({
  kind: fc.constant("resume" as const),
  max: fc.option(fc.nat({ max: 5 })),
  repin: fc.boolean(),
});
const stale = fc.record({
  kind: fc.constant("stale" as const),
  pick: anything,
  offset: fc.constantFrom(-1, 1),
  draft,
});
const waive = fc.record({
  kind: fc.constant("waive" as const),
  what: fc.constantFrom("criterion" as const, "finding" as const),
  pick: anything,
});
const respond = fc.record({
  kind: fc.constant("respond" as const),
  verb: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom("approve" as const, "edit" as const) },
    fc.constantFrom(...APPROVAL_VERBS),
  ),
  note: fc.option(fc.constantFrom("Make it louder.", "No.")),
  draft,
});
const deliver = fc.record({ kind: fc.constant("deliver" as const), elsewhere: fc.boolean() });
const skip = fc.record({ kind: fc.constant("skip" as const) });
const pause = fc.record({ kind: fc.constant("pause" as const) });
const cancel = fc.record({ kind: fc.constant("cancel" as const) });

const move = fc.oneof(
  { weight: 120, arbitrary: start },
  { weight: 100, arbitrary: complete },
  { weight: 32, arbitrary: fail },
  { weight: 10, arbitrary: record },
  { weight: 10, arbitrary: request },
  { weight: 8, arbitrary: pause },
  { weight: 6, arbitrary: waive },
  { weight: 30, arbitrary: respond },
  { weight: 32, arbitrary: resume },
  { weight: 8, arbitrary: stale },
  { weight: 10, arbitrary: deliver },
  { weight: 3, arbitrary: skip },
  { weight: 1, arbitrary: cancel },
);
type RandomMove = typeof move extends fc.Arbitrary<infer T> ? T : never;

/** A random past of a workflow: how it was created, and what was tried with it. */
export const history = fc.record({
  max_qa_retries: fc.nat({ max: 3 }),
  parked: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true)),
  given_mode: fc.option(fc.constantFrom(...MODES)),
  gates: fc.oneof({ weight: 3, arbitrary: fc.constant<Gate[]>([]) }, fc.subarray([...GATES])),
  stall_patience: fc.integer({ min: 1, max: 3 }),
  imports: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true)),
  approval_expires_s: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, fc.integer({ min: 1, max: 20 })),
  moves: fc.oneof({ withCrossShrink: true }, fc.array(move, { maxLength: 140, size: "max" }), {
    weight: 2,
    arbitrary: fc.array(move, { minLength: 140, maxLength: 260, size: "max" }),
  }),
});
export type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

export type Watcher = {
  readonly answered?: (
    order: Order,
    answer: ReturnType<WorkflowDriver["give"]>,
    driver: WorkflowDriver,
  ) => void;
  readonly changed?: (change: Change, driver: WorkflowDriver) => void;
};

/** Plays a random past, showing every step of it to the watcher. */
export function play(past: History, watcher: Watcher = {}): WorkflowDriver {
  const { max_qa_retries, given_mode, gates, stall_patience, imports, approval_expires_s } = past;
  const workspace = imports ? { repo: "/srv/greeter", ref: null, path: null } : null;
  const parked = past.parked ? { reason: "no_model", message: "Connect a model." } : null;
  const settings: CreateWorkflow["settings"] = {
    ...creation().settings,
    given_mode,
    gates,
    stall_patience,
    workspace,
    approval_expires_s,
  };
  const driver = new WorkflowDriver(creation({ max_qa_retries, parked, settings }));
  for (const one of past.moves) {
    const order = orderOf(one, driver);
    if (order === null) continue;
    const answer = driver.give(order);
    watcher.answered?.(order, answer, driver);
    if (!("code" in answer)) watcher.changed?.(answer, driver);
  }
  return driver;
}

/** What a move means to the workflow as it is now; null when it has no object. */
function orderOf(one: RandomMove, driver: WorkflowDriver): Order | null {
  const { state } = driver;
  switch (one.kind) {
    case "start": {
      const step = picked(next(state), one.pick);
      return step ? startOf(step.id, one.judged ? `tree-${state.artifacts.size}` : null) : null;
    }
    case "complete": {
      const step = picked(running(state), one.pick);
      return step ? completionOf(state, step, one.draft) : null;
    }
    case "fail": {
      const step = picked(running(state), one.pick);
      return step ? failureOf(step.id, step.attempt, one.code) : null;
    }
    case "record": {
      const step = picked(running(state), one.pick);
      return step ? recordOf(step, one.usage) : null;
    }
    case "request": {
      const step = picked(running(state), one.pick);
      return step ? requestOf(step, one) : null;
    }
    case "resume": {
      const pinned = one.repin ? { provider: "acme", model: null } : null;
      return {
        type: "workflow.resume",
        max_qa_retries: one.max,
        pinned,
        budget: null,
        outcome: one.repin ? "repeat" : "happened",
      };
    }
    case "stale": {
      const step = picked(state.head.open_steps, one.pick);
      const late = step && { ...step, attempt: step.attempt + one.offset };
      if (!late) return null;
      return one.pick % 2 === 0
        ? completionOf(state, late, one.draft)
        : failureOf(late.id, late.attempt, "network");
    }
    case "waive": {
      const { what } = one;
      const ids = [
        ...(what === "finding" ? [...state.findings.values()].map(({ id }) => id) : criterionIds(state)),
        "nothing",
      ];
      return { type: "waive", what, id: picked(ids.toSorted(), one.pick) ?? "", reason: "We do without." };
    }
    case "respond":
      return answerOf(state, one);
    case "deliver": {
      const elsewhere = { action: "directory", config: { path: "/srv/out" } };
      return { type: "delivery.request", delivery: one.elsewhere ? elsewhere : null };
    }
    case "skip":
      return { type: "delivery.skip", reason: "It is not wanted." };
    case "pause":
      return { type: "workflow.pause" };
    case "cancel":
      return { type: "workflow.cancel" };
  }
}

export function running(state: WorkflowState): OpenStep[] {
  return state.head.open_steps.filter((step) => step.status === "running");
}

function picked<T>(list: readonly T[], pick: number): T | undefined {
  return list[pick % Math.max(1, list.length)];
}

export function completionOf(state: WorkflowState, step: OpenStep, said: Draft): Order {
  const { id: step_id, attempt } = step;
  return { type: "step.complete", step_id, attempt, result: resultOf(state, step, said) };
}

function resultOf(state: WorkflowState, step: OpenStep, said: Draft): StepResult {
  const { role, kind } = step;
  if (role !== null) {
    const output = outputFor(state, step, said);
    return { kind: "role", role, output, ...(said.found ? {} : { resolved: [] }) };
  }
  if (kind === "workspace") return { kind: "tree", tree: imported(["AGENTS.md", "src/part-1.js"]) };
  if (kind === "delivery") return { kind: "delivery", receipt };
  const all = criterionIds(state).map((criterion) => ran({ criterion }));
  return { kind: "validation", receipts: [...all, ...said.receipts.map((one) => receiptFor(state, one))] };
}

/** Of a criterion's check or a stage; those that are not drawn have passed. */
function receiptFor(state: WorkflowState, { about, status, blocks }: Draft["receipts"][number]): Receipt {
  const names = [...criterionIds(state), "node: test", "node: lint"];
  const name = picked(names, about) ?? "";
  const missing = about % 2 === 0 ? ("sandbox" as const) : ("program" as const);
  const over = { status, blocks, missing: status === "unavailable" ? missing : null };
  return ran(name.startsWith("node") ? { name, ...over } : { criterion: name, ...over });
}

function answerOf(
  state: WorkflowState,
  { verb, note, draft: said }: Extract<RandomMove, { kind: "respond" }>,
): Order {
  const id = state.head.approval ?? "ap1";
  const step = { role: "architect" as const, cycle: 0 };
  const edited = verb === "edit" ? editedPlan(state, step, said) : { criteria: null, tasks: null };
  return { type: "approval.respond", id, verb, note, ...edited };
}

function requestOf(step: OpenStep, { cost, tokens }: Extract<RandomMove, { kind: "request" }>): Order {
  const { id: step_id, attempt } = step;
  const call = {
    attempt,
    ordinal: 1,
    provider: "acme",
    model_asked: "large",
    request_hash: "r",
    prompt_hash: "p",
    packet_hash: "k",
    config_hash: "c",
    reserved_cost_usd: cost,
    reserved_tokens: tokens,
  };
  return { type: "step.request_call", step_id, attempt, call };
}

function recordOf(step: OpenStep, spent: Extract<RandomMove, { kind: "record" }>["usage"]): Order {
  const { attempt } = step;
  const payload = {
    attempt,
    ordinal: 1,
    provider: "acme",
    model_asked: "large",
    model_served: "large",
    usage: spent,
    cost_usd: spent.input_tokens % 3 === 0 ? null : spent.input_tokens / 1000,
    latency_ms: 5,
    finish_reason: "stop",
    request_hash: "r",
    prompt_hash: "p",
    packet_hash: "k",
    config_hash: "c",
    response_hash: null,
    error: null,
  };
  return { type: "step.record", step_id: step.id, attempt, records: [{ type: "model.called", payload }] };
}
