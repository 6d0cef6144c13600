import type { EventType, WorkflowEvent } from "../core/workflow/events.ts";
import type { Logger } from "../ports/logger.ts";

type Line = {
  readonly level: "info" | "warn";
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
};

/** The events an operator wants to hear of, without anything that a model or a person has written. */
const LINES: { readonly [T in EventType]?: (event: Extract<WorkflowEvent, { type: T }>) => Line } = {
  "workflow.created": () => ({ level: "info", message: "workflow created", fields: {} }),
  "state.transition": ({ payload: { from, to, reason }, step_id }) => {
    const trouble = to === "failed" || (to === "paused" && reason !== "asked");
    return {
      level: trouble ? "warn" : "info",
      message: `workflow ${to}`,
      fields: { from, to, reason, step_id },
    };
  },
  "step.failed": ({ payload: { attempt, code, retry_at }, step_id }) => ({
    level: "warn",
    message: "step failed",
    fields: { step_id, attempt, code, retry_at },
  }),
  "repair.started": ({ payload: { cycle } }) => ({
    level: "info",
    message: "repair started",
    fields: { cycle },
  }),
  "workflow.closed": ({ payload: { status } }) => ({
    level: "info",
    message: "workflow closed",
    fields: { status },
  }),
};

/** Tells the log what becomes of a workflow. */
export function logMilestone(logger: Logger, event: WorkflowEvent): void {
  const lineOf = LINES[event.type] as ((event: WorkflowEvent) => Line) | undefined;
  if (!lineOf) return;
  const { level, message, fields } = lineOf(event);
  logger[level](fields, message);
}
