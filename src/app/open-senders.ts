import type { Config } from "../config/config.ts";
import { serverVariable } from "../config/environment.ts";
import type { EmailActionParts } from "../delivery/email/email-action.ts";
import type { WebhookActionParts } from "../delivery/webhook/webhook-action.ts";
import { createAllowedHosts } from "../egress/allowed-hosts.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import { createSecretResolver } from "../secrets/secret-resolver.ts";
import type { EncryptedSecretStore } from "../secrets/secret-store.ts";
import { lazily } from "./lazily.ts";

/** What deliveries by webhook and email go out with. */
export type OpenedSenders = {
  readonly webhook: WebhookActionParts;
  /** Null where the operator names no mail server. */
  readonly email: EmailActionParts | null;
  close(): Promise<void>;
};

type Parts = {
  readonly config: Pick<Config, "egress" | "delivery">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: Pick<EncryptedSecretStore, "read">;
  readonly failpoint?: (name: "webhook.sent") => void;
};

export function openSenders({ config, clock, logger, store, failpoint }: Parts): OpenedSenders {
  const allowedHosts = config.egress.allowed_hosts;
  const http = lazily(async () => {
    const { createCheckedHttp } = await import("../egress/checked-http.ts");
    return createCheckedHttp({ allowedHosts, logger });
  });
  const { email } = config.delivery;
  return {
    webhook: {
      http: () => http.get(),
      now: () => clock.now(),
      isAllowedHost: createAllowedHosts(allowedHosts),
      ...(failpoint === undefined ? {} : { failpoint }),
    },
    email: email === null ? null : { server: email, resolveSecret: (name) => operatorSecret(name, store) },
    close: async () => (await http.known)?.close(),
  };
}

/** Whose stored secrets are the operator's as well. */
const OPERATORS_TENANT = "default";

/** A secret of the operator's, which need not be one that tenants may have. */
function operatorSecret(name: string, store: Parts["store"]): Promise<string> {
  return createSecretResolver({ store, allowed: [name], variable: serverVariable }).resolve(
    OPERATORS_TENANT,
    name,
  );
}
