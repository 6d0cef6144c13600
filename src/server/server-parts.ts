import type { Config } from "../config/config.ts";
import type { Engine } from "../engine/engine.ts";
import type { GithubHooks } from "../hooks/github/github-hooks.ts";
import type { ModelProvider } from "../ports/chat-model.ts";
import type { DeliveryAction } from "../ports/delivery-action.ts";
import type { Logger } from "../ports/logger.ts";
import type { SecretStore } from "../ports/secrets.ts";
import type { Storage } from "../ports/storage.ts";

/** Everything the API stands on. */
export type ServerParts = {
  readonly engine: Engine;
  readonly storage: Storage;
  readonly providers: readonly ModelProvider[];
  /** Null where no hook is configured. */
  readonly githubHooks: GithubHooks | null;
  /** Woken when messages may be due; whoever sends none hears nothing. */
  readonly outbox: { wake(): void };
  readonly deliveryActions: ReadonlyMap<string, DeliveryAction>;
  readonly secrets: { readonly store: SecretStore };
  readonly config: Config;
  readonly logger: Logger;
  readonly version: string;
  /** Names this process; idempotency keys taken by another one that left no answer are taken over. */
  readonly instance_id: string;
  /** Aborted when the server stops: streams end, readiness turns off. */
  readonly shutdown: AbortSignal;
};
