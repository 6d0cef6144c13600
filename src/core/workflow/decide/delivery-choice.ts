import { type DeliveryRequest, documentOf, type WorkflowState } from "../state.ts";

export const DEFAULT_DELIVERY_ACTION = "api-response";

/** The caller's choice wins, then the Director's, then the default. */
export function deliveryChoice(state: WorkflowState): DeliveryRequest {
  if (state.settings.delivery) return state.settings.delivery;
  return { action: documentOf(state, "brief")?.finalizer_action || DEFAULT_DELIVERY_ACTION, config: {} };
}
