import { expect, test } from "vitest";

import { flood } from "./flood.ts";
import { runSmall, seed } from "./run-small.ts";

// How soon a neighbour is served is measured in milliseconds, which other tests would take.
test(`a flood of submissions with seed ${seed}`, async () => {
  const figures = await runSmall(flood, "sqlite");
  expect(figures["accepted"]).toBe(flood.sizes.small);
});
