import { OrcaError } from "../core/orca-error.ts";
import { deliveryAskedFor } from "../core/workflow/decide/delivery-choice.ts";
import type { DeliveryRequest } from "../core/workflow/delivery-state.ts";
import type { WorkflowState } from "../core/workflow/state.ts";
import { type Deliverable, type DeliveryAction, DeliveryError } from "../ports/delivery-action.ts";
import type { EffectiveConfig } from "../ports/effective-config.ts";
import type { Storage } from "../ports/storage.ts";
import { checkDelivery } from "./check-delivery.ts";
import { refuseMissingSecrets } from "./check-secrets.ts";
import { readDeliverable } from "./deliverable.ts";
import { type DeliverySecrets, openDelivery, redactedError } from "./delivery-context.ts";
import type { ShownPreview } from "./engine.ts";

export type DeliveryDeskParts = {
  readonly actions: ReadonlyMap<string, DeliveryAction>;
  readonly secrets: DeliverySecrets;
  readonly storage: Pick<Storage, "forTenant">;
  readonly effectiveConfig: EffectiveConfig;
};

const LONGEST_LOOK_MS = 30_000;

/** What is asked of deliveries outside of their step. All reject with an OrcaError. */
export class DeliveryDesk {
  readonly #parts: DeliveryDeskParts;

  constructor(parts: DeliveryDeskParts) {
    this.#parts = parts;
  }

  /** Refuses a delivery that could not work or that the scope does not allow. */
  async check(state: WorkflowState, delivery: DeliveryRequest): Promise<Checked> {
    const { actions, secrets, effectiveConfig } = this.#parts;
    const { tenant_id, scope_id } = state.head;
    // What the scope says now: it may have been told to let less out since the workflow began.
    const checked = checkDelivery(actions, delivery, effectiveConfig(scope_id).config.delivery_actions);
    await refuseMissingSecrets(secrets.resolver, tenant_id, delivery);
    return checked;
  }

  read(state: WorkflowState): Promise<Deliverable> {
    return readDeliverable(state, this.#parts.storage.forTenant(state.head.tenant_id));
  }

  /** What a delivery would do; null is the one that was asked for before, or would be made now. */
  async preview(state: WorkflowState, delivery: DeliveryRequest | null): Promise<ShownPreview> {
    const { action, config } = await this.check(state, delivery ?? deliveryAskedFor(state));
    const deliverable = await this.read(state);
    const signal = AbortSignal.timeout(LONGEST_LOOK_MS);
    const opened = openDelivery(this.#parts.secrets, action, { deliverable, config, signal });
    const { context, redacted, refuseSecrets } = opened;
    try {
      if (action.outward) await refuseSecrets();
      const { target, effects } = await action.preview(config, context);
      const files = deliverable.artifacts.length;
      return { action: action.name, target: redacted(target), effects: effects.map(redacted), files };
    } catch (error) {
      const told = redactedError(error, redacted);
      throw told instanceof DeliveryError ? new OrcaError("delivery_refused", told.message) : told;
    }
  }
}

type Checked = ReturnType<typeof checkDelivery>;
