import type { EventPayload, EventType, WorkflowEvent } from "../../src/core/workflow/events.ts";

export type EventOf<T extends EventType> = Extract<WorkflowEvent, { type: T }> & {
  readonly payload: EventPayload<T>;
};

/** The events of one type, in their order. */
export function eventsOf<T extends EventType>(events: readonly WorkflowEvent[], type: T): EventOf<T>[] {
  return events.filter((event): event is EventOf<T> => event.type === type);
}

/** Names an attempt at a step. */
export function attemptOf(step: string | null, { attempt }: { readonly attempt: number }): string {
  return `${step ?? ""}#${attempt}`;
}

/** The process that owned each attempt, by the name of the attempt. */
export function ownersOf(events: readonly WorkflowEvent[]): Map<string, string> {
  return new Map(
    eventsOf(events, "step.started").map(({ step_id, payload }) => [
      attemptOf(step_id, payload),
      payload.owner,
    ]),
  );
}

/** By step, how often a model was asked again because it had called tools: that is no re-ask. */
export function toolRoundsOf(events: readonly WorkflowEvent[]): ReadonlyMap<string, number> {
  const rounds = new Map<string, number>();
  const called = new Set<string>();
  for (const { type, step_id: step } of events) {
    if (step === null) continue;
    if (type === "tool.called") called.add(step);
    if (type === "model.requested" && called.delete(step)) rounds.set(step, (rounds.get(step) ?? 0) + 1);
  }
  return rounds;
}
