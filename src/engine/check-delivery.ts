import { OrcaError } from "../core/orca-error.ts";
import type { DeliveryRequest } from "../core/workflow/state.ts";
import type { DeliveryAction } from "../ports/delivery-action.ts";

/** Refuses a delivery that could not work, before anything is spent on the workflow. */
export function checkDelivery(actions: ReadonlyMap<string, DeliveryAction>, delivery: DeliveryRequest): void {
  const action = actions.get(delivery.action);
  if (!action) {
    const known = [...actions.keys()].join(", ");
    throw new OrcaError(
      "unknown_delivery_action",
      `There is no delivery action ${delivery.action}; known are ${known}.`,
      [{ pointer: "/delivery/action", detail: `one of ${known}` }],
    );
  }
  const parsed = action.config.safeParse(delivery.config);
  if (parsed.success) return;
  throw new OrcaError(
    "invalid_delivery_config",
    `The configuration of ${action.name} is not valid.`,
    parsed.error.issues.map((issue) => ({
      pointer: ["", "delivery", "config", ...issue.path.map(String)].join("/"),
      detail: issue.message,
    })),
  );
}
