import type { FailureCode } from "../core/failure-policy.ts";

export type ModelCallEstimate = {
  /** Name of the configured provider: limits hold per provider and key. */
  readonly provider: string;
  readonly model: string;
  /** What the call will use at most, as far as can be told before it: input and output. */
  readonly tokens: number;
};

export type ModelCallEnd = {
  /** Null when the call was answered. */
  readonly code: FailureCode | "aborted" | null;
  readonly retry_after_ms: number | null;
  /** What was used; null when the provider did not say. */
  readonly tokens: number | null;
};

/** The right to make one call; it must be ended, however the call ended. */
export interface ModelPermit {
  end(end: ModelCallEnd): Promise<void>;
}

/** One limiter per provider and key over all nodes: requests and tokens a minute, calls at a time, circuit breaker. */
export interface ModelLimiter {
  /**
   * Resolves when the call may leave. Waits its turn while the limits are used up; rejects with the reason of `signal`,
   * or with a ModelError that says when to come again (`rate_limited`, or `overloaded` while the breaker is open)
   * rather than wait for long.
   */
  admit(call: ModelCallEstimate, signal: AbortSignal): Promise<ModelPermit>;
}
