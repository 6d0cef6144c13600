import { expect, test } from "vitest";

import { OUTWARD_ATTEMPTS, outwardRetryDelayMs } from "./outward-retries.ts";

const HOUR = 3_600_000;
const delays = (jitter: number): number[] =>
  Array.from({ length: OUTWARD_ATTEMPTS - 1 }, (_, index) => outwardRetryDelayMs(index + 1, jitter));
const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

test("attempts are ever further apart and go on for about a day", () => {
  const usual = delays(0.5);
  expect(usual.slice(0, 4)).toEqual([5000, 30_000, 120_000, 600_000]);
  expect(usual).toEqual(usual.toSorted((left, right) => left - right));
  expect(sum(usual) / HOUR).toBeCloseTo(23.7, 1);
  expect(sum(delays(0)) / HOUR).toBeGreaterThan(18);
  expect(sum(delays(1)) / HOUR).toBeLessThan(30);
});

test("what failed together comes back apart", () => {
  expect(outwardRetryDelayMs(1, 0)).toBe(4000);
  expect(outwardRetryDelayMs(1, 0.999)).toBeGreaterThan(5900);
});

test("an attempt beyond the last waits as long as the last", () => {
  expect(outwardRetryDelayMs(50, 0.5)).toBe(8 * HOUR);
  expect(outwardRetryDelayMs(0, 0.5)).toBe(5000);
});
