import type { WorkflowEvent } from "./events.ts";
import type { WorkflowState, WorkflowStatus } from "./state.ts";

/** What others can be told of while workflows run. */
export const NOTICE_TYPES = [
  "workflow.completed",
  "workflow.failed",
  "workflow.cancelled",
  "workflow.paused",
  "workflow.awaiting_approval",
  "approval.requested",
  "delivery.completed",
  "delivery.failed",
] as const;
export type NoticeType = (typeof NOTICE_TYPES)[number];

/** Names and states only: whoever wants the contents reads them at `url`, as a caller with the right to. */
export type NoticeData = {
  readonly workflow_id: string;
  readonly tenant_id: string;
  readonly scope_id: string | null;
  readonly title: string;
  readonly status: WorkflowStatus;
  /** Code of why it waits, ended or failed. */
  readonly reason: string | null;
  /** Under the id by which it is answered. */
  readonly approval: { readonly id: string; readonly gate: string } | null;
  readonly delivery: { readonly action: string; readonly links: readonly string[] } | null;
  /** Path on this server. */
  readonly url: string;
};

export type Notice = {
  readonly type: NoticeType;
  /** The event that it tells of; there is one notice of an event at most. */
  readonly seq: number;
  readonly occurred_at: string;
  readonly data: NoticeData;
};

/** What is worth telling of these events, given the state that they lead to. */
export function noticesOf(events: readonly WorkflowEvent[], after: WorkflowState): Notice[] {
  return events.flatMap((event) => {
    const told = toldOf(event, after);
    if (told === null) return [];
    const { type, ...about } = told;
    const { id, tenant_id, scope_id, title, status } = after.head;
    const data: NoticeData = {
      workflow_id: id,
      tenant_id,
      scope_id,
      title,
      status,
      reason: null,
      approval: null,
      delivery: null,
      ...about,
      url: `/api/v1/workflows/${id}`,
    };
    return [{ type, seq: event.seq, occurred_at: event.occurred_at, data }];
  });
}

type Told = { readonly type: NoticeType } & Partial<
  Pick<NoticeData, "status" | "reason" | "approval" | "delivery">
>;

/** What happens inside is nobody's business. */
function toldOf(event: WorkflowEvent, after: WorkflowState): Told | null {
  if (event.type === "state.transition") {
    const { to, reason } = event.payload;
    const type = TYPE_OF_STATUS[to];
    if (type === null) return null;
    const approval = to === "awaiting_approval" ? openApproval(after) : null;
    return { type, status: to, reason, approval };
  }
  if (event.type === "approval.requested") {
    const { id, gate } = event.payload;
    return { type: event.type, approval: { id: `${after.head.id}:${id}`, gate } };
  }
  if (event.type === "delivery.completed") {
    const { action, links } = event.payload;
    return { type: event.type, delivery: { action, links } };
  }
  if (event.type === "delivery.failed") {
    const { action, code } = event.payload;
    return { type: event.type, reason: code, delivery: { action, links: [] } };
  }
  return null;
}

const TYPE_OF_STATUS: Readonly<Record<WorkflowStatus, NoticeType | null>> = {
  pending: null,
  running: null,
  awaiting_approval: "workflow.awaiting_approval",
  paused: "workflow.paused",
  completed: "workflow.completed",
  failed: "workflow.failed",
  cancelled: "workflow.cancelled",
};

/** A gate that has no approval, such as a budget, waits for a resume. */
function openApproval({ head, approvals }: WorkflowState): NoticeData["approval"] {
  const approval = head.approval === null ? undefined : approvals.get(head.approval);
  return approval === undefined ? null : { id: `${head.id}:${approval.id}`, gate: approval.gate };
}
