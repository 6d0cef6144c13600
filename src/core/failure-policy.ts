import { OUTWARD_ATTEMPTS, outwardRetryDelayMs } from "./outward-retries.ts";

/** How a failed attempt of a step is answered. The one table of it; adapters only name the code. */
export const FAILURE_CODES = [
  "limited",
  "provider_resting",
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
  "delivery_unavailable",
  "conflicting_output",
  "interrupted",
  "released",
  "budget_exhausted",
  "outcome_unknown",
  "sandbox_unavailable",
  "toolchain_unavailable",
  "workspace_failed",
  "internal",
] as const;
export type FailureCode = (typeof FAILURE_CODES)[number];

type Policy = {
  /** Attempts in all before the last answer holds. */
  readonly attempts: number;
  /** What follows the last attempt: park for a person, or fail the workflow. */
  readonly then: { readonly park: string } | { readonly gate: string } | "fail";
  /** Attempts after which another model takes over, where the configuration names one; absent: none ever does. */
  readonly fall_back_after?: number;
};

const POLICIES: Record<FailureCode, Policy> = {
  limited: { attempts: Number.POSITIVE_INFINITY, then: "fail" },
  provider_resting: { attempts: Number.POSITIVE_INFINITY, then: "fail", fall_back_after: 0 },
  rate_limited: { attempts: 15, then: { park: "rate_limited" }, fall_back_after: 3 },
  overloaded: { attempts: 10, then: { park: "provider_down" }, fall_back_after: 2 },
  network: { attempts: 4, then: { park: "provider_down" }, fall_back_after: 2 },
  timeout: { attempts: 3, then: { park: "provider_down" }, fall_back_after: 1 },
  auth: { attempts: 1, then: { park: "provider_auth" }, fall_back_after: 1 },
  credit: { attempts: 1, then: { park: "provider_credit" }, fall_back_after: 1 },
  unknown_model: { attempts: 1, then: { park: "unknown_model" }, fall_back_after: 1 },
  no_model: { attempts: 1, then: { park: "no_model" } },
  context_overflow: { attempts: 1, then: { park: "context_overflow" }, fall_back_after: 1 },
  refusal: { attempts: 1, then: "fail", fall_back_after: 1 },
  truncated: { attempts: 2, then: "fail" },
  invalid_output: { attempts: 1, then: "fail" },
  delivery_failed: { attempts: 1, then: { park: "delivery_failed" } },
  delivery_unavailable: { attempts: OUTWARD_ATTEMPTS, then: { park: "delivery_failed" } },
  conflicting_output: { attempts: 20, then: "fail" },
  sandbox_unavailable: { attempts: 1, then: { park: "sandbox_unavailable" } },
  toolchain_unavailable: { attempts: 1, then: { park: "toolchain_unavailable" } },
  workspace_failed: { attempts: 3, then: { park: "workspace_failed" } },
  released: { attempts: Number.POSITIVE_INFINITY, then: "fail" },
  outcome_unknown: { attempts: 0, then: { gate: "outcome" } },
  budget_exhausted: { attempts: 0, then: { gate: "budget" } },
  interrupted: { attempts: 20, then: { park: "step_keeps_crashing" } },
  internal: { attempts: 3, then: "fail" },
};

export type Disposition =
  | { readonly kind: "retry" }
  | { readonly kind: "park"; readonly reason: string }
  | { readonly kind: "gate"; readonly reason: string }
  | { readonly kind: "fail" };

/** Failures that change their code for ever have no limit of their own. */
const MOST_FAILED_ATTEMPTS = 60;

/**
 * `failures` counts the failed attempts of the step in a row with this code, `inAll` those with any code; both include
 * this one.
 */
export function dispositionOf(code: string, failures: number, inAll: number): Disposition {
  const { attempts, then } = policyOf(code);
  if (failures < attempts) {
    const patient = inAll < MOST_FAILED_ATTEMPTS || !isFailure(code);
    return patient ? { kind: "retry" } : { kind: "park", reason: "step_keeps_failing" };
  }
  if (then === "fail") return { kind: "fail" };
  return "gate" in then ? { kind: "gate", reason: then.gate } : { kind: "park", reason: then.park };
}

/** Whether the next model of the configured chain is asked now, rather than the same again later. */
export function fallsBack(code: string, failures: number): boolean {
  const { fall_back_after } = policyOf(code);
  return fall_back_after !== undefined && failures >= fall_back_after;
}

function policyOf(code: string): Policy {
  return POLICIES[isFailureCode(code) ? code : "internal"];
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

/** Whether an ended attempt counts against its step; one that was given back before anything was asked does not. */
export function isFailure(code: string): boolean {
  return !UNHARMED.has(code);
}

const UNHARMED: ReadonlySet<string> = new Set<FailureCode>([
  "released",
  "budget_exhausted",
  "limited",
  "provider_resting",
]);

/** Interruptions in a row after which a step may be what brings its nodes down. */
const INNOCENT_INTERRUPTIONS = 3;
/** A time to try again that is over by every clock: what is handed over must not wait for one that is ahead. */
export const AT_ONCE = "1970-01-01T00:00:00.000Z";

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;
/** Nothing outside has to recover from a crash. */
const LONGEST_AFTER_INTERRUPTION_MS = 10_000;

/**
 * Milliseconds to wait before the next attempt: what the provider asked for, else exponential backoff
 * with equal jitter; a step that was only in the way of a crash goes on at once. `jitter` is uniform in [0, 1).
 */
export function retryDelayMs(
  { code, retry_after_ms }: { readonly code: string; readonly retry_after_ms: number | null },
  failures: number,
  jitter: number,
): number {
  // A receiver that always says "in a second" must not use up the patience of a day in one minute.
  if (code === "delivery_unavailable")
    return Math.max(outwardRetryDelayMs(failures, jitter), retry_after_ms ?? 0);
  if (retry_after_ms !== null) return retry_after_ms;
  if (code === "conflicting_output") return 0;
  if (code === "interrupted" && failures <= INNOCENT_INTERRUPTIONS) return 0;
  const longest = code === "interrupted" ? LONGEST_AFTER_INTERRUPTION_MS : LONGEST_DELAY_MS;
  const ceiling = Math.min(longest, FIRST_DELAY_MS * 2 ** Math.max(0, failures - 1));
  return Math.round(ceiling / 2 + (ceiling / 2) * jitter);
}

function isFailureCode(code: string): code is FailureCode {
  return (FAILURE_CODES as readonly string[]).includes(code);
}
