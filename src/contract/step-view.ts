import { z } from "@hono/zod-openapi";

import { isFailure } from "../core/failure-policy.ts";
import { toDollars, toMicroDollars } from "../core/micro-dollars.ts";
import { RoleName } from "../core/role-name.ts";
import type { ModelCallRow, StepRow } from "../core/workflow/commit.ts";
import type { WorkflowEvent } from "../core/workflow/events.ts";
import { StepKind } from "../core/workflow/state.ts";
import { PendingFields, SpendFields } from "./spend-view.ts";

export const StepView = z
  .object({
    id: z.string(),
    kind: StepKind,
    role: RoleName.nullable(),
    task_id: z.string().nullable(),
    cycle: z.int(),
    status: z.enum(["queued", "running", "completed", "failed", "cancelled"]),
    attempt: z.int(),
    available_at: z.string().nullable().describe("When the next attempt may start."),
    started_at: z.string().nullable(),
    finished_at: z.string().nullable(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
  })
  .openapi("Step");
export type StepView = z.infer<typeof StepView>;

const AttemptView = z
  .object({
    attempt: z.int(),
    status: z
      .enum(["running", "completed", "failed", "given_back", "cancelled"])
      .describe("`given_back`: it ended without a failure of its own, as at a budget; `error` says why."),
    started_at: z.string(),
    finished_at: z.string().nullable(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    retry_at: z.string().nullable().describe("When the next attempt was to start."),
    replayed_calls: z
      .int()
      .describe("Answers that it took from the journal of an earlier attempt instead of a model."),
    spend: z.object(SpendFields),
    pending: z.object(PendingFields).describe("Calls whose end is not known, at their worst case."),
  })
  .openapi("Attempt");
export type AttemptView = z.infer<typeof AttemptView>;

export const StepDetail = StepView.extend({ attempts: z.array(AttemptView) }).openapi("StepDetail");
export type StepDetail = z.infer<typeof StepDetail>;

/** Who holds the step and until when stays inside. */
export function toStepView({ owner: _owner, lease_until: _leaseUntil, ...row }: StepRow): StepView {
  return row;
}

/** The step with its attempts, as its events and model calls tell them. */
export function toStepDetail(
  row: StepRow,
  { events, calls }: { readonly events: readonly WorkflowEvent[]; readonly calls: readonly ModelCallRow[] },
): StepDetail {
  const attempts = new Map<number, Omit<AttemptView, "spend" | "pending">>();
  for (const event of events) {
    const before = "attempt" in event.payload ? attempts.get(event.payload.attempt) : undefined;
    const now = afterEvent(before, event);
    if (now) attempts.set(now.attempt, now);
  }
  return {
    ...toStepView(row),
    attempts: [...attempts.values()].map((attempt) => {
      const own = calls.filter((call) => call.attempt === attempt.attempt);
      return { ...attempt, spend: spendOf(own), pending: pendingOf(own) };
    }),
  };
}

type Told = Omit<AttemptView, "spend" | "pending">;

function afterEvent(before: Told | undefined, event: WorkflowEvent): Told | null {
  if (event.type === "step.started") {
    return {
      attempt: event.payload.attempt,
      status: "running",
      started_at: event.occurred_at,
      finished_at: null,
      error: null,
      retry_at: null,
      replayed_calls: 0,
    };
  }
  if (!before) return null;
  const finished_at = event.occurred_at;
  if (event.type === "step.completed") return { ...before, status: "completed", finished_at };
  if (event.type === "step.cancelled") return { ...before, status: "cancelled", finished_at };
  if (event.type === "model.replayed") return { ...before, replayed_calls: before.replayed_calls + 1 };
  if (event.type !== "step.failed") return null;
  const { code, message, retry_at } = event.payload;
  const status = isFailure(code) && code !== "outcome_unknown" ? "failed" : "given_back";
  return { ...before, status, finished_at, error: { code, message }, retry_at };
}

function spendOf(calls: readonly ModelCallRow[]): AttemptView["spend"] {
  const ended = calls.filter(({ status }) => status !== "requested");
  const known = costOf(ended);
  const calls_without_price = ended.filter(({ cost_usd }) => cost_usd === null).length;
  return {
    model_calls: ended.length,
    input_tokens: sum(ended.map(({ usage }) => usage.input_tokens)),
    output_tokens: sum(ended.map(({ usage }) => usage.output_tokens)),
    cost_usd: calls_without_price > 0 ? null : known,
    cost_usd_known: known,
    calls_without_price,
  };
}

function pendingOf(calls: readonly ModelCallRow[]): AttemptView["pending"] {
  const open = calls.filter(({ status }) => status === "requested");
  const unknown = open.some(({ cost_usd }) => cost_usd === null);
  return {
    model_calls: open.length,
    tokens: sum(open.map(({ tokens }) => tokens)),
    cost_usd: unknown ? null : costOf(open),
  };
}

function costOf(calls: readonly ModelCallRow[]): number {
  return toDollars(sum(calls.map(({ cost_usd }) => toMicroDollars(cost_usd ?? 0))));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
