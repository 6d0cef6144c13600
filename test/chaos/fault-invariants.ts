import { dispositionOf, failuresAfter, isFailure } from "../../src/core/failure-policy.ts";
import type { Finding } from "./checker.ts";
import { eventsOf } from "./events-of.ts";
import type { WorkflowEvidence } from "./evidence.ts";
import { PARTIAL } from "./provider-faults.ts";

type Failed = { failures: number; inAll: number; last_failure: string | null; final: boolean };

const UNHARMED: Failed = { failures: 0, inAll: 0, last_failure: null, final: false };

/** A step whose failure is final is not tried again before a person says so. */
export function* attemptsAreBounded({ events }: WorkflowEvidence): Iterable<Finding> {
  const failed = new Map<string, Failed>();
  for (const { type, step_id, payload } of events) {
    const step = step_id ?? "";
    const before = failed.get(step) ?? UNHARMED;
    if (type === "step.started" && before.final)
      yield {
        step,
        detail: `attempt ${payload.attempt} follows on ${before.failures} ${before.last_failure}`,
      };
    if (type === "state.transition" && payload.reason === "resumed")
      for (const one of failed.values()) Object.assign(one, UNHARMED);
    if (type !== "step.failed") continue;
    const { code } = payload;
    const failures = failuresAfter(before, code);
    const inAll = before.inAll + (isFailure(code) ? 1 : 0);
    const last_failure = isFailure(code) ? code : before.last_failure;
    const final = dispositionOf(code, failures, inAll).kind !== "retry";
    failed.set(step, { failures, inAll, last_failure, final });
  }
}

/** Of an answer that was cut nothing is kept, shown or asked with. */
export function* partialIsNeverUsed({ events, contents, referee }: WorkflowEvidence): Iterable<Finding> {
  for (const event of events)
    if (JSON.stringify(event.payload).includes(PARTIAL))
      yield { step: event.step_id ?? "", detail: `event ${event.seq} holds a part of a cut answer` };
  for (const [hash, content] of contents)
    if (content?.includes(PARTIAL)) yield { detail: `the content ${hash} is a part of a cut answer` };
  for (const record of referee)
    if (record.kind === "asked" && record.leaks)
      yield { step: record.step, detail: `attempt ${record.attempt} was told a part of a cut answer` };
}

/** Whatever waits says for what, and what a person can do. */
export function* waitsSayWhy({ events, stored }: WorkflowEvidence): Iterable<Finding> {
  for (const { payload, seq } of eventsOf(events, "state.transition")) {
    if (payload.to !== "paused" && payload.to !== "awaiting_approval") continue;
    if (!payload.reason || !payload.message)
      yield { detail: `event ${seq} waits without a reason or a message` };
  }
  const waiting = stored?.head.waiting;
  if (waiting && (waiting.reason === "" || waiting.message === ""))
    yield { detail: "waits without saying why" };
}
