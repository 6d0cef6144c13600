import { expect, test } from "vitest";

import { EVENT_VERSION, newEvent, type WorkflowEvent } from "../core/workflow/events.ts";
import type { Logger } from "../ports/logger.ts";
import type { PublishedEvent } from "./engine.ts";
import { EventHub } from "./event-hub.ts";

const EVENT: WorkflowEvent = {
  ...newEvent("repair.started", { cycle: 1, findings: [] }),
  seq: 7,
  actor: "engine",
  version: EVENT_VERSION,
  occurred_at: "2026-11-23T10:00:00.000Z",
};

function hub(): { hub: EventHub; errors: unknown[] } {
  const errors: unknown[] = [];
  const drop = (): void => undefined;
  const logger: Logger = {
    debug: drop,
    info: drop,
    warn: drop,
    error: ({ error }) => void errors.push(error),
    child: () => logger,
  };
  return { hub: new EventHub(logger), errors };
}

test("listeners of a workflow hear its events, serialised once for all of them", () => {
  const { hub: events } = hub();
  const heard: PublishedEvent[][] = [[], [], []];
  events.subscribe("acme/w1", (published) => heard[0]?.push(...published));
  events.subscribe("acme/w1", (published) => heard[1]?.push(...published));
  events.subscribe("other/w1", (published) => heard[2]?.push(...published));
  events.publish("acme/w1", "w1", [EVENT]);
  expect(heard.map((each) => each.length)).toEqual([1, 1, 0]);
  expect(heard[0]?.[0]).toBe(heard[1]?.[0]);
  expect(JSON.parse(heard[0]?.[0]?.json ?? "")).toMatchObject({ seq: 7, id: "w1:7", workflow_id: "w1" });
});

test("who has left hears nothing, also when it leaves twice or while others hear", () => {
  const { hub: events } = hub();
  let heard = 0;
  const leave = events.subscribe("k", () => {
    heard += 1;
    leave();
  });
  events.subscribe("k", () => void (heard += 10));
  events.publish("k", "w", [EVENT]);
  leave();
  events.publish("k", "w", [EVENT]);
  expect(heard).toBe(21);
});

test("a listener that throws is logged, and the others hear", () => {
  const { hub: events, errors } = hub();
  let heard = 0;
  events.subscribe("k", () => {
    throw new Error("broken");
  });
  events.subscribe("k", () => void (heard += 1));
  events.publish("k", "w", [EVENT]);
  expect(heard).toBe(1);
  expect(errors).toEqual([new Error("broken")]);
});
