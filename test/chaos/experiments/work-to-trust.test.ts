import { describe, expect, test } from "vitest";

import { convergence } from "./convergence.ts";
import { escapes } from "./escapes.ts";
import { honest } from "./honest.ts";
import { lies } from "./lies.ts";
import { parallel } from "./parallel.ts";
import { plantedDefects } from "./planted-defects.ts";
import { runSmall, seed } from "./run-small.ts";

describe(`with seed ${seed}`, () => {
  // Without a sandbox they say so; that nothing runs then has tests of its own.
  test.each([escapes, plantedDefects, convergence, parallel, lies, honest])("$name", async (experiment) => {
    const figures = await runSmall(experiment, "sqlite");
    const { unavailable } = figures;
    if (unavailable !== undefined)
      console.warn(`${experiment.name} is unavailable: ${JSON.stringify(unavailable)}`);
    expect(figures).not.toEqual({});
  });
});
