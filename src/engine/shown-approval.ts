import { OrcaError } from "../core/orca-error.ts";
import { deliveryChoice } from "../core/workflow/decide/delivery-choice.ts";
import {
  byOrdinal,
  documentOf,
  plannedTasks,
  type TaskState,
  treeOf,
  type WorkflowState,
} from "../core/workflow/state.ts";
import type { ShownApproval } from "./engine.ts";
import { sha256, treeHash } from "./hash.ts";

/** What the workflow asks a person to approve, null when it asks nothing. */
export function shownApproval(state: WorkflowState): ShownApproval | null {
  const { approval: id } = state.head;
  const approval = id === null ? undefined : state.approvals.get(id);
  if (!approval) return null;
  const subject = approval.gate === "plan" ? plan(state) : delivery(state);
  const { approval_expires_s } = state.settings;
  const expires_at =
    approval_expires_s === null
      ? null
      : new Date(Date.parse(approval.requested_at) + approval_expires_s * 1000).toISOString();
  const shown = sha256(JSON.stringify([approval.id, subject]));
  const before = byOrdinal(state.approvals.values()).findLast(
    ({ gate, ordinal }) => gate === approval.gate && ordinal < approval.ordinal,
  );
  return {
    approval,
    expires_at,
    subject,
    shown,
    changes: before && approval.gate === "plan" ? changedTasks(state) : null,
    compare_with: before && approval.gate === "delivery" ? `cycle-${before.cycle}` : null,
  };
}

/** Refuses an answer to something else than what is shown. Throws an OrcaError. */
export function refuseStaleAnswer(state: WorkflowState, approvalId: string, shown: string): void {
  if (!state.approvals.has(approvalId))
    throw new OrcaError("approval_not_found", `The workflow has no approval ${approvalId}.`);
  const asked = shownApproval(state);
  // What an open approval shows can't change, so what holds now holds when the answer is decided.
  if (asked?.approval.id === approvalId && asked.shown !== shown)
    throw new OrcaError("approval_stale", "This is not what is shown now: look at it again, then answer.");
}

/** Beside the plan that was sent back: tasks are the same when they have the same key. */
function changedTasks(state: WorkflowState): string[] {
  const now = plannedTasks(state);
  const keys = new Set(now.map(({ id }) => id));
  const given = byOrdinal(state.tasks.values()).filter(
    ({ status, id }) => status === "withdrawn" && !keys.has(id),
  );
  return [
    ...given.map(({ id, title }) => `- ${id}: ${title}`),
    ...now.map(({ id, title }) => `+ ${id}: ${title}`),
  ];
}

function planned({ id, title, description, depends_on, criteria, writes }: TaskState) {
  return { key: id, title, description, depends_on, criteria, writes };
}

function plan(state: WorkflowState): ShownApproval["subject"] {
  const tasks = plannedTasks(state).map(planned);
  const criteria = documentOf(state, "constitution")?.acceptance_criteria ?? [];
  return { criteria, design: documentOf(state, "design"), tasks };
}

function delivery(state: WorkflowState): ShownApproval["subject"] {
  const { action, config } = deliveryChoice(state);
  return {
    action,
    config,
    tree_hash: treeHash(state),
    files: treeOf(state).map(({ path, hash, size }) => ({ path, hash, size })),
    verdict: state.head.verdict,
    finalization: documentOf(state, "finalization"),
  };
}
