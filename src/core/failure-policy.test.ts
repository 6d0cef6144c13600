import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { dispositionOf, FAILURE_CODES, fallsBack, isFailure, retryDelayMs } from "./failure-policy.ts";

describe("dispositionOf", () => {
  test.each([
    ["rate_limited", 15, "rate_limited"],
    ["overloaded", 10, "provider_down"],
    ["network", 4, "provider_down"],
    ["timeout", 3, "provider_down"],
    ["auth", 1, "provider_auth"],
    ["credit", 1, "provider_credit"],
    ["unknown_model", 1, "unknown_model"],
    ["no_model", 1, "no_model"],
    ["delivery_failed", 1, "delivery_failed"],
    ["context_overflow", 1, "context_overflow"],
    ["interrupted", 20, "step_keeps_crashing"],
    ["sandbox_unavailable", 1, "sandbox_unavailable"],
    ["toolchain_unavailable", 1, "toolchain_unavailable"],
    ["workspace_failed", 3, "workspace_failed"],
  ])("%s parks the workflow after %i attempts as %s", (code, attempts, reason) => {
    for (let failures = 1; failures < attempts; failures += 1) {
      expect(dispositionOf(code, failures, failures)).toEqual({ kind: "retry" });
    }
    expect(dispositionOf(code, attempts, attempts)).toEqual({ kind: "park", reason });
    expect(dispositionOf(code, attempts + 1, attempts + 1)).toEqual({ kind: "park", reason });
  });

  test.each([
    ["refusal", 1],
    ["truncated", 2],
    ["invalid_output", 1],
    ["conflicting_output", 20],
    ["internal", 3],
    ["a code nobody knows", 3],
    ["toString", 3],
  ])("%s fails the workflow after %i attempts", (code, attempts) => {
    for (let failures = 1; failures < attempts; failures += 1) {
      expect(dispositionOf(code, failures, failures)).toEqual({ kind: "retry" });
    }
    expect(dispositionOf(code, attempts, attempts)).toEqual({ kind: "fail" });
  });

  test("an empty budget opens its gate at once and counts as no failure", () => {
    expect(dispositionOf("budget_exhausted", 0, 0)).toEqual({ kind: "gate", reason: "budget" });
    expect(isFailure("budget_exhausted")).toBe(false);
  });

  test("failures that change their code for ever come to a person in the end", () => {
    expect(dispositionOf("network", 1, 59)).toEqual({ kind: "retry" });
    expect(dispositionOf("network", 1, 60)).toEqual({ kind: "park", reason: "step_keeps_failing" });
    expect(dispositionOf("released", 1, 1_000)).toEqual({ kind: "retry" });
  });

  test.each([
    ["timeout", 1],
    ["network", 2],
    ["overloaded", 2],
    ["rate_limited", 3],
    ["auth", 1],
    ["credit", 1],
    ["unknown_model", 1],
    ["context_overflow", 1],
    ["refusal", 1],
  ])("%s turns to the next model after %i failures", (code, failures) => {
    expect(fallsBack(code, failures - 1)).toBe(false);
    expect(fallsBack(code, failures)).toBe(true);
  });

  test("no other model is asked when the answer or the node was at fault", () => {
    for (const code of ["truncated", "invalid_output", "internal", "interrupted", "released", "nobody knows"])
      expect(fallsBack(code, 100)).toBe(false);
  });

  test("every code ends after finitely many attempts", () => {
    const endless = FAILURE_CODES.filter((code) => dispositionOf(code, 100, 100).kind === "retry");
    expect(endless.filter(isFailure)).toEqual([]);
  });
});

function network(retry_after_ms: number | null) {
  return { code: "network", retry_after_ms };
}

describe("retryDelayMs", () => {
  const jitter = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  test("doubles from one second to one minute, between half of it and all of it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2000 }), jitter, (failures, lot) => {
        const ceiling = Math.min(60_000, 1000 * 2 ** Math.max(0, failures - 1));
        const delay = retryDelayMs(network(null), failures, lot);
        expect(Number.isInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(ceiling / 2);
        expect(delay).toBeLessThanOrEqual(ceiling);
      }),
    );
    expect(retryDelayMs(network(null), 1, 0)).toBe(500);
    expect(retryDelayMs(network(null), 3, 0.5)).toBe(3000);
  });

  test("a step that was in the way of a crash goes on at once, unless it is there each time", () => {
    const interrupted = { code: "interrupted", retry_after_ms: null };
    expect([1, 2, 3].map((failures) => retryDelayMs(interrupted, failures, 0))).toEqual([0, 0, 0]);
    expect(retryDelayMs(interrupted, 4, 0)).toBe(4000);
    expect(retryDelayMs(interrupted, 10, 0)).toBe(5000);
  });

  test("what is away is tried for about a day, however soon it wants to be tried", () => {
    const away = (retry_after_ms: number | null) => ({ code: "delivery_unavailable", retry_after_ms });
    const tries = [1, 2, 3, 4, 5, 6, 7, 8, 9];
    for (const asked of [null, 0, 1_000]) {
      const hours =
        tries.reduce((sum, failures) => sum + retryDelayMs(away(asked), failures, 0.5), 0) / 3_600_000;
      expect(hours).toBeGreaterThan(20);
      expect(hours).toBeLessThan(28);
    }
    expect(retryDelayMs(away(600_000), 1, 0.5)).toBe(600_000);
  });

  test("does what the provider asks", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), jitter, (failures, asked, lot) => {
        expect(retryDelayMs(network(asked), failures, lot)).toBe(asked);
      }),
    );
  });
});
