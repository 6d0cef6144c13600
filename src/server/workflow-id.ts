import { z } from "@hono/zod-openapi";

import { OrcaError } from "../core/orca-error.ts";
import type { WorkflowHead } from "../core/workflow/state.ts";
import type { TenantStorage } from "../ports/storage.ts";

const ID = /^[A-Za-z0-9_-]{1,64}$/;

/** Where a page of workflows begins: after this one. */
export const WorkflowPosition = z.strictObject({ created_at: z.iso.datetime(), id: z.string().regex(ID) });
export type WorkflowPosition = z.infer<typeof WorkflowPosition>;

/** An id from a path. What cannot be one never reaches the store, and is answered like an unknown one. */
export function workflowId(given: string): string {
  if (!ID.test(given)) throw notFound(given);
  return given;
}

export async function loadHead(storage: TenantStorage, given: string): Promise<WorkflowHead> {
  const head = await storage.loadHead(workflowId(given));
  if (head === null) throw notFound(given);
  return head;
}

/** Word for word what the engine says. */
function notFound(id: string): OrcaError {
  return new OrcaError("workflow_not_found", `There is no workflow ${id}.`);
}
