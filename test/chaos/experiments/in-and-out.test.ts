import { describe, expect, test } from "vitest";

import { deliveries } from "./deliveries.ts";
import { hooks } from "./hooks.ts";
import { runSmall, seed } from "./run-small.ts";

describe(`with seed ${seed}`, () => {
  test("hooks that nobody has sent who may", async () => {
    const figures = await runSmall(hooks, "sqlite");
    expect(figures["accepted"]).toBe(0);
    expect(figures["attacks"]).toBe(hooks.sizes.small);
  });

  test("deliveries that are cut off", async () => {
    const figures = await runSmall(deliveries, "sqlite");
    expect(figures["kills"]).toBeGreaterThanOrEqual(deliveries.sizes.small);
    expect(figures["delivered"]).toBeGreaterThanOrEqual(1);
  });
});
