import type { WorkflowEvent } from "./events.ts";

/** An event as it crosses the wire: the journal's fields with the names by which it is found again. */
export type EventRow = WorkflowEvent & { readonly id: string; readonly workflow_id: string };

/** The fields in the order of the published contract; keys inside a payload have none. */
export function eventRow(workflowId: string, event: WorkflowEvent): EventRow {
  const { seq, type, role, step_id, task_id, payload, actor, version, occurred_at } = event;
  const place = { seq, id: `${workflowId}:${seq}`, workflow_id: workflowId, type, role, step_id, task_id };
  return { ...place, payload, actor, version, occurred_at } as EventRow;
}
