import { pointerTo } from "../core/json-pointer.ts";
import { OrcaError } from "../core/orca-error.ts";
import { secretName } from "../core/secret-reference.ts";
import type { DeliveryRequest } from "../core/workflow/delivery-state.ts";
import { SecretError, type SecretResolver } from "../ports/secrets.ts";

/** Refuses a delivery whose secrets are nowhere to be found now, before anything is spent on it. */
export async function refuseMissingSecrets(
  resolver: SecretResolver,
  tenantId: string,
  { action, config }: DeliveryRequest,
): Promise<void> {
  for (const { pointer, name } of referencesIn(config, "/delivery/config")) {
    try {
      await resolver.resolve(tenantId, name);
    } catch (error) {
      if (!(error instanceof SecretError)) throw error;
      throw new OrcaError("invalid_delivery_config", `The configuration of ${action} can't be used.`, [
        { pointer, detail: error.message },
      ]);
    }
  }
}

type Reference = { readonly pointer: string; readonly name: string };

function referencesIn(value: unknown, pointer: string): Reference[] {
  if (typeof value === "string") {
    const name = secretName(value);
    return name === null ? [] : [{ pointer, name }];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    referencesIn(inner as unknown, pointer + pointerTo([key])),
  );
}
