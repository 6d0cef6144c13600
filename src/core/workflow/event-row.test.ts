import { expect, test } from "vitest";

import { eventRow } from "./event-row.ts";
import { given } from "./testing/specification.testsuite.ts";

test("an event is found again by its workflow and its place", () => {
  const [event] = given().driver.events;
  expect(eventRow("w1", event as NonNullable<typeof event>)).toEqual({
    ...event,
    id: "w1:1",
    workflow_id: "w1",
  });
});
