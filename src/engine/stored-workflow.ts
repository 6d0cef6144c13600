import type { DomainError } from "../core/domain-error.ts";
import { OrcaError } from "../core/orca-error.ts";
import { next } from "../core/workflow/next.ts";
import { restoreState } from "../core/workflow/restore-state.ts";
import type { WorkflowState } from "../core/workflow/state.ts";
import type { TenantStorage } from "../ports/storage.ts";
import type { ActiveWorkflow } from "./active-workflow.ts";

/** Milliseconds until something of the workflow may start; null when nothing waits for the time. */
export function delayOfNext(state: WorkflowState, now: Date): number | null {
  const [first] = next(state)
    .map((step) => step.available_at ?? "")
    .toSorted();
  if (first === undefined) return null;
  return first <= now.toISOString() ? 0 : Date.parse(first) - now.getTime();
}

/** The workflow as it is stored, null when it does not exist. */
export async function restore(storage: TenantStorage, id: string): Promise<WorkflowState | null> {
  const stored = await storage.loadWorkflow(id);
  return stored && restoreState(stored.head, stored.parts);
}

/** The version that a workflow in memory has; null before its first commit. */
export function begunVersion(active: ActiveWorkflow | undefined): number | null {
  return active?.session.begun ? active.session.state.head.version : null;
}

export function notFound(id: string): OrcaError {
  return new OrcaError("workflow_not_found", `There is no workflow ${id}.`);
}

export function refused(error: DomainError): OrcaError {
  return new OrcaError(
    error.code,
    error.message,
    error.problems.map((detail) => ({ pointer: "", detail })),
  );
}
