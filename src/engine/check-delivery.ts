import { pointerTo } from "../core/json-pointer.ts";
import { findLiteralSecret } from "../core/literal-secrets.ts";
import { OrcaError } from "../core/orca-error.ts";
import type { DeliveryRequest } from "../core/workflow/delivery-state.ts";
import type { DeliveryAction } from "../ports/delivery-action.ts";

/**
 * The action with its configuration. Refuses a delivery that could not work, before anything is spent on it; `allowed`
 * is what the scope allows, null all.
 */
export function checkDelivery(
  actions: ReadonlyMap<string, DeliveryAction>,
  delivery: DeliveryRequest,
  allowed: readonly string[] | null,
): { readonly action: DeliveryAction; readonly config: unknown } {
  const action = actions.get(delivery.action);
  const names = [...actions.keys()].filter((name) => allowed === null || allowed.includes(name)).join(", ");
  const detail = `one of ${names}`;
  if (!action)
    throw new OrcaError(
      "unknown_delivery_action",
      `There is no delivery action ${delivery.action}; known are ${names}.`,
      [{ pointer: "/delivery/action", detail }],
    );
  if (allowed !== null && !allowed.includes(action.name))
    throw new OrcaError(
      "delivery_not_allowed",
      `The delivery action ${action.name} is not allowed here; allowed are ${names}. The setting is workflow.delivery_actions.`,
      [{ pointer: "/delivery/action", detail }],
    );
  refuseLiteralSecrets(action, delivery);
  const parsed = action.config.safeParse(delivery.config);
  if (parsed.success) return { action, config: parsed.data };
  throw new OrcaError(
    "invalid_delivery_config",
    `The configuration of ${action.name} is not valid.`,
    parsed.error.issues.map((issue) => ({
      pointer: pointerTo(["delivery", "config", ...issue.path]),
      detail: issue.message,
    })),
  );
}

/** It would be stored and shown with the workflow; the value itself is not repeated here. */
function refuseLiteralSecrets({ name }: DeliveryAction, { config }: DeliveryRequest): void {
  const pointer = findLiteralSecret(config);
  if (pointer === null) return;
  const detail =
    "name a secret, such as secret://GITHUB_TOKEN, and store it with: orca secrets set GITHUB_TOKEN";
  throw new OrcaError(
    "invalid_delivery_config",
    `The configuration of ${name} holds a secret itself at ${pointer}; it was not kept.`,
    [{ pointer: `/delivery/config${pointer}`, detail }],
  );
}
