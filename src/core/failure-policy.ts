/** How a failed attempt of a step is answered. The one table of it; adapters only name the code. */
export const FAILURE_CODES = [
  "rate_limited",
  "overloaded",
  "network",
  "timeout",
  "auth",
  "credit",
  "unknown_model",
  "no_model",
  "context_overflow",
  "refusal",
  "truncated",
  "invalid_output",
  "delivery_failed",
  "conflicting_output",
  "interrupted",
  "released",
  "internal",
] as const;
export type FailureCode = (typeof FAILURE_CODES)[number];

type Policy = {
  /** Attempts in all before the last answer holds. */
  readonly attempts: number;
  /** What follows the last attempt: park for a person, or fail the workflow. */
  readonly then: { readonly park: string } | "fail";
};

const POLICIES: Record<FailureCode, Policy> = {
  rate_limited: { attempts: 15, then: { park: "rate_limited" } },
  overloaded: { attempts: 10, then: { park: "provider_down" } },
  network: { attempts: 4, then: { park: "provider_down" } },
  timeout: { attempts: 3, then: { park: "provider_down" } },
  auth: { attempts: 1, then: { park: "provider_auth" } },
  credit: { attempts: 1, then: { park: "provider_credit" } },
  unknown_model: { attempts: 1, then: { park: "unknown_model" } },
  no_model: { attempts: 1, then: { park: "no_model" } },
  context_overflow: { attempts: 1, then: "fail" },
  refusal: { attempts: 1, then: "fail" },
  truncated: { attempts: 2, then: "fail" },
  invalid_output: { attempts: 1, then: "fail" },
  delivery_failed: { attempts: 1, then: { park: "delivery_failed" } },
  conflicting_output: { attempts: 3, then: "fail" },
  released: { attempts: Number.POSITIVE_INFINITY, then: "fail" },
  interrupted: { attempts: 5, then: { park: "step_keeps_crashing" } },
  internal: { attempts: 3, then: "fail" },
};

export type Disposition =
  | { readonly kind: "retry" }
  | { readonly kind: "park"; readonly reason: string }
  | { readonly kind: "fail" };

/** `failures` counts the failed attempts of the step in a row with this code, this one included. */
export function dispositionOf(code: string, failures: number): Disposition {
  const policy = POLICIES[isFailureCode(code) ? code : "internal"];
  if (failures < policy.attempts) return { kind: "retry" };
  return policy.then === "fail" ? { kind: "fail" } : { kind: "park", reason: policy.then.park };
}

/**
 * How often in a row a step has failed in the same way, once it fails with `code`: a crash must not use up the patience
 * that a busy provider is owed.
 */
export function failuresAfter(
  step: { readonly failures: number; readonly last_failure: string | null },
  code: string,
): number {
  if (!isFailure(code)) return step.failures;
  return code === step.last_failure ? step.failures + 1 : 1;
}

/** Whether an ended attempt counts against its step; one that a stopping node gave back does not. */
export function isFailure(code: string): boolean {
  return code !== "released";
}

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;

/**
 * Milliseconds to wait before the next attempt: what the provider asked for, else exponential backoff
 * with equal jitter. `jitter` is uniform in [0, 1).
 */
export function retryDelayMs(failures: number, retryAfterMs: number | null, jitter: number): number {
  if (retryAfterMs !== null) return retryAfterMs;
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.max(0, failures - 1));
  return Math.round(ceiling / 2 + (ceiling / 2) * jitter);
}

function isFailureCode(code: string): code is FailureCode {
  return (FAILURE_CODES as readonly string[]).includes(code);
}
