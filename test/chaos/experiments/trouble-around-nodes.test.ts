import { describe, expect, test } from "vitest";

import { FAULTS } from "../provider-faults.ts";
import { clock } from "./clock.ts";
import { duels } from "./duels.ts";
import { modelFaults } from "./model-faults.ts";
import { outages } from "./outages.ts";
import { runSmall, seed } from "./run-small.ts";

// Side by side they would take each other's time, but for those that mostly wait.
describe(`with seed ${seed}`, () => {
  test("PostgreSQL that stops", async () => {
    const figures = await runSmall(outages, "postgres");
    expect(figures["outages"]).toBe(outages.sizes.small);
  });

  test("a clock that jumps", async () => {
    const figures = await runSmall(clock, "postgres");
    expect(figures["jumps"]).toBeGreaterThanOrEqual(clock.sizes.small);
    expect(figures["interruptions"]).toBe(0);
  });

  describe.concurrent("that mostly waits", () => {
    test("duels over a step", async () => {
      const figures = await runSmall(duels, "postgres");
      expect(figures["suspensions"]).toBe(duels.sizes.small);
      expect(figures["suspensions_that_lost_a_step"]).toBeGreaterThanOrEqual(1);
    });

    test("every fault of a provider", async () => {
      const figures = await runSmall(modelFaults, "sqlite");
      expect(Object.keys(figures["faults"] as object)).toEqual(
        expect.arrayContaining(FAULTS.map(({ name }) => name)),
      );
      expect(figures["finished"]).toBe(FAULTS.length + 1);
    });
  });
});
