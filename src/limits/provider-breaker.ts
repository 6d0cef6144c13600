import { createRequire } from "node:module";

import type * as Cockatiel from "cockatiel";
import type { CircuitBreakerPolicy, ConsecutiveBreaker, IBackoff } from "cockatiel";

import { ModelError } from "../ports/chat-model.ts";
import type { Logger } from "../ports/logger.ts";
import type { ModelCallEnd } from "../ports/model-limiter.ts";

export const FAILURES_TO_OPEN = 5;
export const FIRST_OPEN_MS = 5_000;
const LONGEST_OPEN_MS = 60_000;

/** What says that the provider itself is not well; any other answer proves that it is there. */
const UNWELL: ReadonlySet<unknown> = new Set<ModelCallEnd["code"]>(["overloaded", "network", "timeout"]);

const load = createRequire(import.meta.url);

/** Loaded with the first breaker: a start need not wait for it. */
function cockatiel(): typeof Cockatiel {
  return load("cockatiel") as typeof Cockatiel;
}

/**
 * Spares a provider that fails call after call, as seen from this node: closed to all but one call at a time that finds
 * out whether it is back.
 */
export class ProviderBreaker {
  readonly #provider: string;
  readonly #breaker: ConsecutiveBreaker;
  readonly #states: typeof Cockatiel.CircuitState;
  readonly #policy: CircuitBreakerPolicy;
  #opensMs = FIRST_OPEN_MS;
  #probeAt = 0;

  constructor(provider: string, logger: Logger) {
    const { circuitBreaker, CircuitState, ConsecutiveBreaker, handleWhenResult } = cockatiel();
    this.#provider = provider;
    this.#breaker = new ConsecutiveBreaker(FAILURES_TO_OPEN);
    this.#states = CircuitState;
    const backoff = (duration: number): IBackoff<unknown> => {
      this.#opensMs = duration;
      return { duration, next: () => backoff(Math.min(duration * 2, LONGEST_OPEN_MS)) };
    };
    // An aborted call says nothing; when it was the probe, nothing was found out.
    this.#policy = circuitBreaker(
      handleWhenResult((code) => UNWELL.has(code) || code === "aborted"),
      { breaker: this.#breaker, halfOpenAfter: { next: () => backoff(FIRST_OPEN_MS) } },
    );
    this.#policy.onBreak(() => {
      this.#probeAt = Date.now() + this.#opensMs;
      const fields = { provider, failures: this.#breaker.state, try_again_ms: this.#opensMs };
      logger.warn(fields, "a provider is not asked for a while: it keeps failing");
    });
    this.#policy.onHalfOpen(() => logger.info({ provider }, "one call finds out whether a provider is back"));
    this.#policy.onReset(() => logger.info({ provider }, "a provider is asked as before: it answers again"));
  }

  get isOpen(): boolean {
    return this.#policy.state !== this.#states.Closed;
  }

  /** Throws a ModelError while no call may leave. */
  refuseIfOpen(): void {
    const probing = this.#policy.state === this.#states.HalfOpen;
    const ms = probing ? FIRST_OPEN_MS : this.#probeAt - Date.now();
    if (!this.isOpen || ms <= 0) return;
    const failures = `${this.#provider} has failed ${this.#breaker.state} times in a row`;
    const message = `${failures}; it is tried again in ${Math.ceil(ms / 1000)} s`;
    throw new ModelError("overloaded", message, { retryAfterMs: ms });
  }

  /**
   * Begins a call, which makes it the probe when one is due. Throws as `refuseIfOpen` does. The returned function is told
   * how the call ended, and is done when that has had its effect.
   */
  begin(): (code: ModelCallEnd["code"]) => Promise<void> {
    this.refuseIfOpen();
    const ended = Promise.withResolvers<ModelCallEnd["code"]>();
    const executed = this.#policy.execute(() => ended.promise);
    const counted = executed.then(nothing, nothing); // it rejects when the clock was set back since the look above
    const probe = this.#policy.state === this.#states.HalfOpen;
    return async (code) => {
      if (code === "aborted" && !probe) return;
      ended.resolve(code);
      await counted;
    };
  }
}

const nothing = (): void => undefined;
