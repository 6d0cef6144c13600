import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { dispositionOf, FAILURE_CODES, isFailure, retryDelayMs } from "./failure-policy.ts";

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
    ["interrupted", 5, "step_keeps_crashing"],
  ])("%s parks the workflow after %i attempts as %s", (code, attempts, reason) => {
    for (let failures = 1; failures < attempts; failures += 1) {
      expect(dispositionOf(code, failures)).toEqual({ kind: "retry" });
    }
    expect(dispositionOf(code, attempts)).toEqual({ kind: "park", reason });
    expect(dispositionOf(code, attempts + 1)).toEqual({ kind: "park", reason });
  });

  test.each([
    ["context_overflow", 1],
    ["refusal", 1],
    ["truncated", 2],
    ["invalid_output", 1],
    ["conflicting_output", 3],
    ["internal", 3],
    ["a code nobody knows", 3],
    ["toString", 3],
  ])("%s fails the workflow after %i attempts", (code, attempts) => {
    for (let failures = 1; failures < attempts; failures += 1) {
      expect(dispositionOf(code, failures)).toEqual({ kind: "retry" });
    }
    expect(dispositionOf(code, attempts)).toEqual({ kind: "fail" });
  });

  test("every code ends after finitely many attempts", () => {
    const endless = FAILURE_CODES.filter((code) => dispositionOf(code, 100).kind === "retry");
    expect(endless.filter(isFailure)).toEqual([]);
  });
});

describe("retryDelayMs", () => {
  const jitter = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  test("doubles from one second to one minute, between half of it and all of it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2000 }), jitter, (failures, lot) => {
        const ceiling = Math.min(60_000, 1000 * 2 ** Math.max(0, failures - 1));
        const delay = retryDelayMs(failures, null, lot);
        expect(Number.isInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(ceiling / 2);
        expect(delay).toBeLessThanOrEqual(ceiling);
      }),
    );
    expect(retryDelayMs(1, null, 0)).toBe(500);
    expect(retryDelayMs(3, null, 0.5)).toBe(3000);
  });

  test("does what the provider asks", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), jitter, (failures, asked, lot) => {
        expect(retryDelayMs(failures, asked, lot)).toBe(asked);
      }),
    );
  });
});
