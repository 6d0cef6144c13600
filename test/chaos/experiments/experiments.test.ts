import { describe, expect, inject, test } from "vitest";

import { FAILPOINTS } from "../../../src/engine/failpoint.ts";
import { whyNoEarlierVersion } from "../earlier-version.ts";
import type { Store } from "../installation.ts";
import { FAULTS } from "../provider-faults.ts";
import type { Figures } from "../rehearsal.ts";
import { budget } from "./budget.ts";
import { clock } from "./clock.ts";
import { convergence } from "./convergence.ts";
import { duels } from "./duels.ts";
import { escapes } from "./escapes.ts";
import type { Experiment } from "./experiment.ts";
import { failpointsInSource } from "./failpoints-in-source.ts";
import { failpoints } from "./failpoints.ts";
import { feed } from "./feed.ts";
import { flood } from "./flood.ts";
import { honest } from "./honest.ts";
import { kills } from "./kills.ts";
import { lies } from "./lies.ts";
import { modelFaults } from "./model-faults.ts";
import { outages } from "./outages.ts";
import { parallel } from "./parallel.ts";
import { plantedDefects } from "./planted-defects.ts";
import { rolling } from "./rolling.ts";

const seed = process.env["CHAOS_SEED"] ?? String(Date.now());
const noEarlierVersion = await whyNoEarlierVersion();
if (noEarlierVersion !== null) console.warn(`no rolling deploy is tried: ${noEarlierVersion}`);

function run(experiment: Experiment, store: Store): Promise<Figures> {
  const say = (line: string): void => console.log(`${experiment.name}: ${line}`);
  const options = { size: experiment.sizes.small, seed, store, postgresUrl: inject("postgresUrl"), say };
  return experiment.run(options);
}

test("every name of a failpoint is used, and every use has a name", async () => {
  expect(await failpointsInSource()).toEqual(FAILPOINTS.toSorted());
});

// Side by side they would take each other's time, but for those that mostly wait.
describe(`with seed ${seed}`, () => {
  test("kills of three nodes", async () => {
    const figures = await run(kills, "postgres");
    expect(figures["kills"]).toBe(kills.sizes.small);
    expect(figures["finished"]).toBeGreaterThanOrEqual(24);
  });

  test("a resumed feed over kills", async () => {
    const figures = await run(feed, "sqlite");
    expect(figures["events"]).toBeGreaterThanOrEqual(feed.sizes.small);
    expect(figures["kills"]).toBeGreaterThanOrEqual(1);
    expect(figures["cuts"]).toBeGreaterThanOrEqual(10);
  });

  test("every failpoint, killed and failing", async () => {
    const figures = await run(failpoints, "sqlite");
    const hit = Object.keys(figures["failpoints"] as object).toSorted();
    expect(hit).toEqual(FAILPOINTS.flatMap((name) => [`${name}:kill`, `${name}:throw`]).toSorted());
    expect(figures["finished"]).toBeGreaterThanOrEqual(8);
  });

  test("one budget over three nodes", async () => {
    const figures = await run(budget, "postgres");
    expect(figures["waiting_at_the_gate"]).toBeGreaterThanOrEqual(1);
    expect(figures["finished"]).toBe(budget.sizes.small);
  });

  test("a flood of submissions", async () => {
    const figures = await run(flood, "sqlite");
    expect(figures["accepted"]).toBe(flood.sizes.small);
  });

  test("PostgreSQL that stops", async () => {
    const figures = await run(outages, "postgres");
    expect(figures["outages"]).toBe(outages.sizes.small);
  });

  test("a clock that jumps", async () => {
    const figures = await run(clock, "postgres");
    expect(figures["jumps"]).toBeGreaterThanOrEqual(clock.sizes.small);
    expect(figures["interruptions"]).toBe(0);
  });

  test.skipIf(noEarlierVersion !== null)("a rolling deploy over an earlier version", async () => {
    const figures = await run(rolling, "postgres");
    expect(figures["replaced"]).toBe(rolling.sizes.small);
    expect(figures["interruptions"]).toBe(0);
  });

  // Without a sandbox they say so; that nothing runs then has tests of its own.
  test.each([escapes, plantedDefects, convergence, parallel, lies, honest])("$name", async (experiment) => {
    const figures = await run(experiment, "sqlite");
    const { unavailable } = figures;
    if (unavailable !== undefined)
      console.warn(`${experiment.name} is unavailable: ${JSON.stringify(unavailable)}`);
    expect(figures).not.toEqual({});
  });

  describe.concurrent("that mostly waits", () => {
    test("duels over a step", async () => {
      const figures = await run(duels, "postgres");
      expect(figures["suspensions"]).toBe(duels.sizes.small);
      expect(figures["suspensions_that_lost_a_step"]).toBeGreaterThanOrEqual(1);
    });

    test("every fault of a provider", async () => {
      const figures = await run(modelFaults, "sqlite");
      expect(Object.keys(figures["faults"] as object)).toEqual(
        expect.arrayContaining(FAULTS.map(({ name }) => name)),
      );
      expect(figures["finished"]).toBe(FAULTS.length + 1);
    });
  });
});
