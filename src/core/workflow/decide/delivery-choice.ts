import type { ArtifactKind } from "../../documents.ts";
import type { Mode } from "../../role-name.ts";
import type { DeliveryRequest } from "../delivery-state.ts";
import { documentOf, newestDelivery, treeOf, type WorkflowState } from "../state.ts";

export const DEFAULT_DELIVERY_ACTION = "artifact-bundle";

const DRAFT_OF: Readonly<Partial<Record<Mode, string>>> = {
  content: "blog-draft",
  docs: "doc-draft",
  research: "doc-draft",
};
const DRAFTED: readonly ArtifactKind[] = ["blog_post", "markdown", "document", "report"];

/** The caller's choice wins, then the Director's among those it may make, then what suits the mode. */
export function deliveryChoice(state: WorkflowState): DeliveryRequest {
  const { delivery } = state.settings;
  if (delivery) return delivery;
  const chosen = documentOf(state, "brief")?.finalizer_action ?? "";
  const action = [chosen, usual(state), DEFAULT_DELIVERY_ACTION].find((name) => mayChoose(state, name));
  return { action: action ?? state.settings.delivery_choices[0] ?? DEFAULT_DELIVERY_ACTION, config: {} };
}

/** What was asked for last, else what would be chosen. Earlier versions did not keep what they were asked for. */
export function deliveryAskedFor(state: WorkflowState): DeliveryRequest {
  const newest = newestDelivery(state);
  return newest === null || newest.requested_at === null ? deliveryChoice(state) : newest;
}

/** Whether a Director may choose it: it needs no configuration, and the scope allows it. */
export function mayChoose({ settings }: WorkflowState, action: string): boolean {
  return settings.delivery_choices.includes(action);
}

/** A draft needs something to be made from. */
function usual(state: WorkflowState): string {
  const draft = state.head.mode === null ? undefined : DRAFT_OF[state.head.mode];
  const hasText = draft !== undefined && treeOf(state).some(({ kind }) => DRAFTED.includes(kind));
  return hasText ? draft : DEFAULT_DELIVERY_ACTION;
}
