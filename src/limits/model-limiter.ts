import type { Clock } from "../ports/clock.ts";
import type { LimitStore, ProviderLimits } from "../ports/limit-store.ts";
import type { Logger } from "../ports/logger.ts";
import type { ModelLimiter } from "../ports/model-limiter.ts";
import { ProviderQueue } from "./provider-queue.ts";

const NO_LIMITS: ProviderLimits = {
  requests_per_minute: null,
  tokens_per_minute: null,
  concurrency: null,
};

export type ModelLimiterParts = {
  /** By name of the provider; one that is missing has none. */
  readonly limits: ReadonlyMap<string, ProviderLimits>;
  readonly store: LimitStore;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
};

/** Counts in `store`, queues and breaks circuits for this node alone. */
export function createModelLimiter(parts: ModelLimiterParts): ModelLimiter {
  const { limits, ...shared } = parts;
  const queues = new Map<string, ProviderQueue>();
  return {
    admit: ({ provider, tokens }, signal) => {
      const queue =
        queues.get(provider) ??
        new ProviderQueue({ ...shared, provider, limits: limits.get(provider) ?? NO_LIMITS });
      queues.set(provider, queue);
      return queue.admit(tokens, signal);
    },
  };
}
