import { Chance } from "../chaos/chance.ts";

/**
 * `dropped`: the effect happens and its answer never comes. `torn`: half of the answer comes. `refused`: the connection is cut
 * before anything happens. `slow`: the answer takes its time. The others are answers, and nothing happens.
 */
export const FAULTS = [
  "500",
  "502",
  "503",
  "secondary",
  "exhausted",
  "429",
  "401",
  "404",
  "dropped",
  "torn",
  "refused",
  "slow",
] as const;
export type Fault = (typeof FAULTS)[number];

export type Call = {
  /** From 1. */
  readonly number: number;
  readonly method: string;
  readonly path: string;
};
export type FaultPlan = (call: Call) => Fault | null;

/** Those that pass by themselves. */
const PASSING: readonly Fault[] = ["500", "502", "secondary", "429", "dropped", "torn", "refused"];

/** One call in ten meets a fault that passes, the same for every run with this seed. */
export function seededFaults(seed: string): FaultPlan {
  return ({ number, method, path }) => {
    const chance = new Chance(seed, method, path, number);
    return chance.between(1, 10) === 1 ? PASSING[chance.between(0, PASSING.length - 1)]! : null;
  };
}

/** What a fault answers without doing anything; null when it does something. */
export function answerOfFault(
  fault: Fault,
): { status: number; message: string; headers: Record<string, string> } | null {
  switch (fault) {
    case "500":
    case "502":
    case "503":
      return { status: Number(fault), message: "Server Error", headers: {} };
    case "secondary": {
      const message =
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
      return { status: 403, message, headers: { "retry-after": "60" } };
    }
    case "exhausted": {
      const reset = String(Math.floor(Date.now() / 1000) + 1800);
      const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset };
      return { status: 403, message: "API rate limit exceeded for user ID 1.", headers };
    }
    case "429":
      return { status: 429, message: "Too many requests", headers: { "retry-after": "7" } };
    case "401":
      return { status: 401, message: "Bad credentials", headers: {} };
    case "404":
      return { status: 404, message: "Not Found", headers: {} };
    case "dropped":
    case "torn":
    case "refused":
    case "slow":
      return null;
  }
}
