import { z } from "@hono/zod-openapi";

import { Gate } from "../core/workflow-config.ts";
import { APPROVAL_VERBS, type ApprovalState, type WorkflowState } from "../core/workflow/state.ts";

/** A question to a person, without what it is about. */
export const ApprovalView = z
  .object({
    id: z.string().describe("`<workflow id>:<approval>`, such as `wf_…:ap1`."),
    workflow_id: z.string(),
    title: z.string().describe("Of the workflow."),
    gate: Gate.describe("plan: before anything is written. delivery: before it is handed over."),
    status: z
      .enum(["open", "answered", "closed"])
      .describe("closed: it ended without an answer, because its workflow did."),
    cycle: z.int(),
    requested_at: z.string(),
    expires_at: z
      .string()
      .nullable()
      .describe("From then on it can't be approved, only sent back or rejected; null is never."),
    answer: z
      .object({
        verb: z.enum(APPROVAL_VERBS),
        note: z.string().nullable(),
        actor: z.string(),
        at: z.string(),
      })
      .nullable(),
    url: z.string().describe("Where it is shown with its subject, on this server."),
  })
  .openapi("Approval");
export type ApprovalView = z.infer<typeof ApprovalView>;

export const ApprovalDetail = ApprovalView.extend({
  shown: z
    .string()
    .nullable()
    .describe("Hash of the subject; an answer must name it. Null unless the approval is open."),
  subject: z
    .record(z.string(), z.unknown())
    .nullable()
    .describe(
      "What is to be approved, null unless the approval is open. Of a plan: `criteria`, `design`, `tasks`. Of a delivery: `action`, `config`, `tree_hash`, `files`, `verdict`, `finalization`.",
    ),
  changes: z
    .array(z.string())
    .nullable()
    .describe("Tasks that are gone (-) and that there are now (+), when a plan is shown again."),
  diff_url: z
    .string()
    .nullable()
    .describe("What has changed in the files since the result was last shown; null the first time."),
}).openapi("ApprovalDetail");
export type ApprovalDetail = z.infer<typeof ApprovalDetail>;

export function toApprovalView(state: WorkflowState, approval: ApprovalState): ApprovalView {
  const { head } = state;
  const { gate, cycle, requested_at, answer } = approval;
  const id = `${head.id}:${approval.id}`;
  return {
    id,
    workflow_id: head.id,
    title: head.title,
    gate,
    status: answer !== null ? "answered" : head.approval === approval.id ? "open" : "closed",
    cycle,
    requested_at,
    expires_at: expiryOf(state, approval),
    answer,
    url: `/api/v1/approvals/${id}`,
  };
}

/** The approval that the workflow waits for, null when it waits for none. */
export function openApproval(state: WorkflowState): ApprovalView | null {
  const approval = state.approvals.get(state.head.approval ?? "");
  return approval === undefined ? null : toApprovalView(state, approval);
}

function expiryOf({ settings }: WorkflowState, { requested_at }: ApprovalState): string | null {
  const { approval_expires_s } = settings;
  if (approval_expires_s === null) return null;
  return new Date(Date.parse(requested_at) + approval_expires_s * 1000).toISOString();
}
