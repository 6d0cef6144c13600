import { expect, test } from "vitest";

import { ModelError } from "../ports/chat-model.ts";
import type { Logger } from "../ports/logger.ts";
import { ModelCatalogue, splitReference } from "./model-catalogue.ts";
import { ManualClock } from "./testing/manual-clock.testsuite.ts";
import { ScriptedModel } from "./testing/scripted-model.testsuite.ts";

const drop = (): void => undefined;
const silent: Logger = { debug: drop, info: drop, warn: drop, error: drop, child: () => silent };

function listing(): {
  catalogue: ModelCatalogue;
  clock: ManualClock;
  provider: ScriptedModel;
  asked: () => number;
} {
  const clock = new ManualClock();
  const provider = new ScriptedModel("one", ["a"]);
  const { models } = provider;
  let asked = 0;
  provider.models = (signal) => {
    asked += 1;
    return models(signal);
  };
  const catalogue = new ModelCatalogue([provider, new ScriptedModel("two", ["b/c"])], clock, silent);
  return { catalogue, clock, provider, asked: () => asked };
}

test("names every model with its provider", async () => {
  expect(await listing().catalogue.references()).toEqual(["one/a", "two/b/c"]);
});

test("asks a provider at most once a minute, also when many want to know at once", async () => {
  const { catalogue, clock, asked } = listing();
  await Promise.all([catalogue.models("one"), catalogue.models("one")]);
  clock.advance(59_999);
  await catalogue.models("one");
  expect(asked()).toBe(1);
  clock.advance(1);
  await catalogue.models("one");
  expect(asked()).toBe(2);
});

test("a provider that does not answer is asked again after five seconds, and hides no other", async () => {
  const { catalogue, clock, provider, asked } = listing();
  const { models } = provider;
  provider.models = async (signal) => {
    await models(signal);
    throw new ModelError("network", "refused");
  };
  expect(await catalogue.models("one")).toBeNull();
  expect(await catalogue.references()).toEqual(["two/b/c"]);
  provider.models = models;
  clock.advance(4_999);
  expect(await catalogue.models("one")).toBeNull();
  clock.advance(1);
  expect(await catalogue.models("one")).toHaveLength(1);
  expect(asked()).toBe(2);
});

test("an unknown provider has no models", async () => {
  expect(await listing().catalogue.models("three")).toBeNull();
});

test.each([
  ["fake/small", "fake", "small"],
  ["router/vendor/model", "router", "vendor/model"],
  ["small", "", "small"],
  ["/small", "", "/small"],
])("%s is split into provider and model", (reference, provider, model) => {
  expect(splitReference(reference)).toEqual({ provider, model });
});
