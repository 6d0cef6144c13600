import type { Config } from "../config/config.ts";
import type { Engine } from "../engine/engine.ts";
import type { ModelProvider } from "../ports/chat-model.ts";
import type { Logger } from "../ports/logger.ts";
import type { Storage } from "../ports/storage.ts";

/** Everything the API stands on. */
export type ServerParts = {
  readonly engine: Engine;
  readonly storage: Storage;
  readonly providers: readonly ModelProvider[];
  readonly config: Config;
  readonly logger: Logger;
  readonly version: string;
  /** Names this process; idempotency keys taken by another one that left no answer are taken over. */
  readonly instance_id: string;
  /** Aborted when the server stops: streams end, readiness turns off. */
  readonly shutdown: AbortSignal;
};
