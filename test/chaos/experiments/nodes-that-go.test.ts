import { describe, expect, test } from "vitest";

import { DELIVERY_FAILPOINTS, FAILPOINTS } from "../../../src/engine/failpoint.ts";
import { whyNoEarlierVersion } from "../earlier-version.ts";
import { budget } from "./budget.ts";
import { failpointsInSource } from "./failpoints-in-source.ts";
import { failpoints } from "./failpoints.ts";
import { feed } from "./feed.ts";
import { kills } from "./kills.ts";
import { rolling } from "./rolling.ts";
import { runSmall, seed } from "./run-small.ts";

const noEarlierVersion = await whyNoEarlierVersion();
if (noEarlierVersion !== null) console.warn(`no rolling deploy is tried: ${noEarlierVersion}`);

test("every name of a failpoint is used, and every use has a name", async () => {
  expect(await failpointsInSource()).toEqual([...FAILPOINTS, ...DELIVERY_FAILPOINTS].toSorted());
});

// Side by side they would take each other's time.
describe(`with seed ${seed}`, () => {
  test("kills of three nodes", async () => {
    const figures = await runSmall(kills, "postgres");
    expect(figures["kills"]).toBe(kills.sizes.small);
    expect(figures["finished"]).toBeGreaterThanOrEqual(24);
  });

  test("a resumed feed over kills", async () => {
    const figures = await runSmall(feed, "sqlite");
    expect(figures["events"]).toBeGreaterThanOrEqual(feed.sizes.small);
    expect(figures["kills"]).toBeGreaterThanOrEqual(1);
    expect(figures["cuts"]).toBeGreaterThanOrEqual(10);
  });

  test("every failpoint, killed and failing", async () => {
    const figures = await runSmall(failpoints, "sqlite");
    const hit = Object.keys(figures["failpoints"] as object).toSorted();
    expect(hit).toEqual(FAILPOINTS.flatMap((name) => [`${name}:kill`, `${name}:throw`]).toSorted());
    expect(figures["finished"]).toBeGreaterThanOrEqual(8);
  });

  test("one budget over three nodes", async () => {
    const figures = await runSmall(budget, "postgres");
    expect(figures["waiting_at_the_gate"]).toBeGreaterThanOrEqual(1);
    expect(figures["finished"]).toBe(budget.sizes.small);
  });

  test.skipIf(noEarlierVersion !== null)("a rolling deploy over an earlier version", async () => {
    const figures = await runSmall(rolling, "postgres");
    expect(figures["replaced"]).toBe(rolling.sizes.small);
    expect(figures["interruptions"]).toBe(0);
  });
});
