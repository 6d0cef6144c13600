import { describe, expect, inject, test } from "vitest";

import { FAILPOINTS } from "../../../src/engine/failpoint.ts";
import type { Store } from "../installation.ts";
import type { Experiment } from "./experiment.ts";
import { failpointsInSource } from "./failpoints-in-source.ts";
import { failpoints } from "./failpoints.ts";
import { feed } from "./feed.ts";
import { kills } from "./kills.ts";

const seed = process.env["CHAOS_SEED"] ?? String(Date.now());

function run(experiment: Experiment, store: Store) {
  const say = (line: string): void => console.log(`${experiment.name}: ${line}`);
  const options = { size: experiment.sizes.small, seed, store, postgresUrl: inject("postgresUrl"), say };
  return experiment.run(options);
}

test("every name of a failpoint is used, and every use has a name", async () => {
  expect(await failpointsInSource()).toEqual(FAILPOINTS.toSorted());
});

describe(`with seed ${seed}`, () => {
  test("kills", async () => {
    const figures = await run(kills, "postgres");
    expect(figures["kills"]).toBe(kills.sizes.small);
    expect(figures["kills_that_interrupted"]).toBeGreaterThanOrEqual(kills.sizes.small / 2);
    expect(figures["finished"]).toBeGreaterThanOrEqual(24);
  });

  test("a resumed feed over kills", async () => {
    const figures = await run(feed, "sqlite");
    expect(figures["events"]).toBeGreaterThanOrEqual(feed.sizes.small);
    expect(figures["kills"]).toBeGreaterThanOrEqual(1);
    expect(figures["cuts"]).toBeGreaterThanOrEqual(10);
    expect(figures["finished"]).toBeGreaterThanOrEqual(10);
  });

  test("every failpoint, killed and failing", async () => {
    const figures = await run(failpoints, "sqlite");
    const hit = Object.keys(figures["failpoints"] as object).toSorted();
    expect(hit).toEqual(FAILPOINTS.flatMap((name) => [`${name}:kill`, `${name}:throw`]).toSorted());
    expect(figures["finished"]).toBeGreaterThanOrEqual(8);
  });
});
