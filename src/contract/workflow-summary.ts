import { z } from "@hono/zod-openapi";

import { Mode } from "../core/role-name.ts";
import { WorkVerdict } from "../core/workflow/progress.ts";
import {
  Waiting,
  WorkflowError,
  type WorkflowHead,
  WorkflowStatus,
  WORKFLOW_STATUSES,
} from "../core/workflow/state.ts";
import { PageQuery } from "./paging.ts";

/** A workflow in a list: no documents, so that its cost does not follow the work. */
export const WorkflowSummary = z
  .object({
    id: z.string(),
    tenant_id: z.string(),
    scope_id: z.string().nullable(),
    parent_id: z.string().nullable(),
    status: WorkflowStatus,
    mode: Mode.nullable(),
    title: z.string(),
    verdict: WorkVerdict.nullable().describe(
      "What is known of the result. verified: every must is met and seen to be. waived: a person does without some. unverified: it could not be run. rejected: something is missing. Null until QA has judged.",
    ),
    waiting: z.object(Waiting.shape).nullable().describe("What it waits for; null when it does not."),
    error: z.object(WorkflowError.shape).nullable(),
    version: z.int().describe("`seq` of the last event."),
    created_at: z.string(),
    updated_at: z.string(),
    started_at: z.string().nullable(),
    completed_at: z.string().nullable(),
    closed: z.boolean().describe("Nothing more happens unless someone resumes it."),
  })
  .openapi("WorkflowSummary");
export type WorkflowSummary = z.infer<typeof WorkflowSummary>;

export const WorkflowsQuery = PageQuery.extend({
  status: z
    .union([z.string(), z.array(z.string())])
    .transform((given) => [given].flat().flatMap((text) => text.split(",")))
    .pipe(z.array(WorkflowStatus))
    .optional()
    .openapi({
      type: "array",
      items: { type: "string", enum: [...WORKFLOW_STATUSES] },
      description: "Only these statuses; repeat it or separate them by commas.",
    }),
});

export function toWorkflowSummary(head: WorkflowHead): WorkflowSummary {
  return {
    id: head.id,
    tenant_id: head.tenant_id,
    scope_id: head.scope_id,
    parent_id: head.parent_id,
    status: head.status,
    mode: head.mode,
    title: head.title,
    verdict: head.verdict,
    waiting: head.waiting,
    error: head.error,
    version: head.version,
    created_at: head.created_at,
    updated_at: head.updated_at,
    started_at: head.started_at,
    completed_at: head.completed_at,
    closed: head.closed,
  };
}
