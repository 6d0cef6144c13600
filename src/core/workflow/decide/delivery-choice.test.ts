import { expect, test } from "vitest";

import { brief } from "../testing/role-outputs.testsuite.ts";
import { directed, done, given, givenCreatedAs, type Move } from "../testing/specification.testsuite.ts";
import { creation } from "../testing/workflow-driver.testsuite.ts";
import { deliveryChoice } from "./delivery-choice.ts";

function directedTo(finalizer_action: string): Move {
  return done("director", "director", brief({ finalizer_action }));
}

test.each([
  ["nobody has chosen", [], "api-response"],
  ["the Director left it open", [directedTo("")], "api-response"],
  ["the Director chose", [directedTo("directory")], "directory"],
])("when %s", (_who, moves, action) => {
  expect(deliveryChoice(given(...moves).driver.state)).toEqual({ action, config: {} });
});

test("when the caller has chosen, the Director's choice does not count", () => {
  const delivery = { action: "directory", config: { path: "out" } };
  const settings = { ...creation().settings, delivery };
  expect(deliveryChoice(givenCreatedAs({ settings }, directed).driver.state)).toEqual(delivery);
});
