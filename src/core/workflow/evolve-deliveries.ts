import type { DeliveryState } from "./delivery-state.ts";
import type { EventPayload, WorkflowEvent } from "./events.ts";
import type { WorkflowState } from "./state.ts";
import { deliveryOfStep } from "./step-ids.ts";

type DeliveryEvent = Extract<WorkflowEvent, { type: `delivery.${string}` }>;
type StepEvent = Extract<WorkflowEvent, { type: `step.${string}` }>;
type Deliveries = Partial<Pick<WorkflowState, "deliveries">>;

/** What is known of the one delivery of a journal from before deliveries were counted. */
export const FIRST_DELIVERY: DeliveryState = {
  id: "d1",
  ordinal: 1,
  status: "pending",
  action: "",
  config: {},
  requested_by: "workflow",
  tree_hash: null,
  attempts: 0,
  links: [],
  metadata: [],
  documents: [],
  message: null,
  requested_at: null,
  settled_at: null,
};

/** How the hand-overs stand after one more event. */
export function evolveDeliveries(state: WorkflowState, event: DeliveryEvent): Deliveries {
  if (event.type === "delivery.requested") return requested(state, event.payload, event.occurred_at);
  if (event.type === "delivery.skipped") {
    const { id, ordinal, action, reason } = event.payload;
    const before = state.deliveries.get(id) ?? { ...FIRST_DELIVERY, id, ordinal, action };
    return put(state, { ...before, status: "skipped", message: reason, settled_at: event.occurred_at });
  }
  const id = deliveryOfStep(event.step_id ?? "delivery");
  const before = state.deliveries.get(id) ?? FIRST_DELIVERY;
  const settled_at = before.requested_at === null ? null : event.occurred_at;
  if (event.type === "delivery.failed") {
    const { action, message } = event.payload;
    return put(state, { ...before, status: "failed", action, message, settled_at });
  }
  return put(state, { ...before, status: "delivered", ...event.payload, message: null, settled_at });
}

function requested(
  state: WorkflowState,
  payload: EventPayload<"delivery.requested">,
  requested_at: string,
): Deliveries {
  return put(state, { ...FIRST_DELIVERY, ...payload, requested_at });
}

/** An attempt at a delivery has begun, or was in vain. */
export function withAttempt(state: WorkflowState, event: StepEvent): Deliveries {
  const before = /^delivery(:|$)/.test(event.step_id ?? "")
    ? state.deliveries.get(deliveryOfStep(event.step_id ?? ""))
    : undefined;
  // Those of earlier versions were not counted.
  if (!before || before.requested_at === null) return {};
  switch (event.type) {
    case "step.started": {
      const attempts = before.attempts + 1;
      const tree_hash = event.payload.tree_hash ?? before.tree_hash;
      return put(state, { ...before, status: "delivering", attempts, tree_hash, settled_at: null });
    }
    case "step.failed": {
      const { code, message } = event.payload;
      // Nobody knows whether it goes on out there.
      const status = code === "outcome_unknown" ? "delivering" : "pending";
      return put(state, { ...before, status, message });
    }
    case "step.completed":
    case "step.cancelled":
      return {};
  }
}

function put({ deliveries }: WorkflowState, delivery: DeliveryState): Deliveries {
  return { deliveries: deliveries.set(delivery.id, delivery) };
}
