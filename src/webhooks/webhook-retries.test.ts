import { expect, test } from "vitest";

import { WEBHOOK_ATTEMPTS, webhookRetryDelayMs } from "./webhook-retries.ts";

const HOUR = 3_600_000;
const delays = (random: () => number): number[] =>
  Array.from({ length: WEBHOOK_ATTEMPTS - 1 }, (_, index) => webhookRetryDelayMs(index + 1, random));
const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

test("attempts are ever further apart and go on for about a day", () => {
  const usual = delays(() => 0.5);
  expect(usual.slice(0, 4)).toEqual([5000, 30_000, 120_000, 600_000]);
  expect(usual).toEqual(usual.toSorted((left, right) => left - right));
  expect(sum(usual) / HOUR).toBeCloseTo(23.7, 1);
  expect(sum(delays(() => 0)) / HOUR).toBeGreaterThan(18);
  expect(sum(delays(() => 1)) / HOUR).toBeLessThan(30);
});

test("what failed together comes back apart", () => {
  expect(webhookRetryDelayMs(1, () => 0)).toBe(4000);
  expect(webhookRetryDelayMs(1, () => 0.999)).toBeGreaterThan(5900);
});

test("an attempt beyond the last waits as long as the last", () => {
  expect(webhookRetryDelayMs(50, () => 0.5)).toBe(8 * HOUR);
  expect(webhookRetryDelayMs(0, () => 0.5)).toBe(5000);
});
