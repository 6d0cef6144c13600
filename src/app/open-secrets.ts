import type { Config } from "../config/config.ts";
import { serverVariable } from "../config/environment.ts";
import type { DeliverySecrets } from "../engine/delivery-context.ts";
import type { Clock } from "../ports/clock.ts";
import type { Storage } from "../ports/storage.ts";
import { createKnownSecrets, type KnownSecrets } from "../secrets/known-secrets.ts";
import { createRedactor } from "../secrets/redaction.ts";
import { createSecretResolver } from "../secrets/secret-resolver.ts";
import { createSecretScanner } from "../secrets/secret-scanner.ts";
import { EncryptedSecretStore } from "../secrets/secret-store.ts";
import { serverSecrets } from "../secrets/server-secrets.ts";

/** Where secrets are kept, found and kept from leaving. */
export type OpenedSecrets = DeliverySecrets & {
  readonly store: EncryptedSecretStore;
  readonly known: KnownSecrets;
};

type Parts = {
  readonly config: Config;
  readonly storage: Pick<Storage, "forTenant">;
  readonly clock: Clock;
};

export function openSecrets({ config, storage, clock }: Parts): OpenedSecrets {
  const { key, previous_key: previousKey, environment } = config.secrets;
  const store = new EncryptedSecretStore({ storage, clock, key, previousKey });
  const resolver = createSecretResolver({ store, allowed: environment, variable: serverVariable });
  return {
    store,
    resolver,
    known: createKnownSecrets({ store, resolver, allowed: environment }),
    scanner: createSecretScanner({ always: ownSecrets(config) }),
    redactor: createRedactor,
  };
}

/** What the installation itself runs on; it belongs into no delivery. */
function ownSecrets({ secrets: { key, previous_key }, ...rest }: Config): string[] {
  return [...serverSecrets(rest), ...[key, previous_key].filter((value) => value !== null)];
}
