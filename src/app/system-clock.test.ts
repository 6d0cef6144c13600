import { afterEach, expect, test, vi } from "vitest";

import { systemClock } from "./system-clock.ts";

afterEach(() => vi.useRealTimers());

test("a wait longer than a timer can hold is not over at once", () => {
  vi.useFakeTimers();
  let woken = 0;
  systemClock.after(10 ** 12, () => void (woken += 1));
  vi.advanceTimersByTime(24 * 86_400_000);
  expect(woken).toBe(0);
  vi.advanceTimersByTime(86_400_000);
  expect(woken).toBe(1);
});

test("a wait that is taken back never ends", () => {
  vi.useFakeTimers();
  let woken = 0;
  systemClock.after(10, () => void (woken += 1))();
  systemClock.after(10, () => void (woken += 10));
  vi.advanceTimersByTime(11);
  expect(woken).toBe(10);
});
