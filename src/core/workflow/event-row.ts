import type { WorkflowEvent } from "./events.ts";

/** An event as it crosses the wire: the journal's fields with the names by which it is found again. */
export type EventRow = WorkflowEvent & { readonly id: string; readonly workflow_id: string };

export function eventRow(workflowId: string, event: WorkflowEvent): EventRow {
  return { ...event, id: `${workflowId}:${event.seq}`, workflow_id: workflowId };
}
