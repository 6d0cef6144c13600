import type { AcceptanceCriterion, Constitution } from "../documents.ts";
import type { WorkflowEvent } from "./events.ts";
import { documentOf, type WorkflowState } from "./state.ts";

type Parts = Partial<Omit<WorkflowState, "head">>;

/** The questions to people after one more event. */
export function evolveApprovals(
  state: WorkflowState,
  event: Extract<WorkflowEvent, { type: `approval.${string}` }>,
): Parts {
  const { approvals } = state;
  if (event.type === "approval.requested") {
    const asked = { ...event.payload, requested_at: event.occurred_at, answer: null };
    return { approvals: approvals.set(asked.id, asked) };
  }
  const { id, verb, note } = event.payload;
  const known = approvals.get(id);
  if (!known) return {};
  const answer = { verb, note, actor: event.actor, at: event.occurred_at };
  return { approvals: approvals.set(id, { ...known, answer }) };
}

/** The constitution with the criteria that a person has put in the place of its own; null leaves it. */
export function withCriteria(state: WorkflowState, criteria: readonly AcceptanceCriterion[] | null): Parts {
  const constitution = documentOf(state, "constitution");
  if (criteria === null || constitution === null) return {};
  const edited: Constitution = { ...constitution, acceptance_criteria: [...criteria] };
  return { documents: state.documents.set("constitution", edited) };
}
