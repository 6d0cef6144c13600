import { expect, test } from "vitest";

import { ManualClock } from "../engine/testing/manual-clock.testsuite.ts";
import { FloodGauge } from "./flood-gauge.ts";

const MIB = 1024 * 1024;

test("bytes and messages are counted over ten seconds, and then anew", () => {
  const clock = new ManualClock();
  const gauge = new FloodGauge(clock);
  expect(gauge.add({ bytes: 64 * MIB, messages: 5_000 })).toBeNull();
  expect(gauge.add({ bytes: 1 })).toContain("bytes at once");
  expect(gauge.add({ messages: 1 })).toContain("messages that nobody asked for");
  clock.advance(9_999);
  expect(gauge.add({ bytes: 1 })).not.toBeNull();
  clock.advance(1);
  expect(gauge.add({ bytes: 64 * MIB, messages: 5_000 })).toBeNull();
});
