import { randomUUID } from "node:crypto";

import { type Attack, json, sent } from "./attack.ts";
import type { HookWorld, Sending } from "./hook-world.ts";

const DAY_S = 86_400;
const AT_ONCE = 20;

/** First an honest hook, then others that are made of it. */
function replay(
  name: string,
  others: (world: HookWorld, first: Sending & { readonly id: string }) => readonly Sending[],
): Attack {
  return {
    kind: "replay",
    name,
    run: async (world) => {
      const payload = world.comment();
      const first = { ...json(payload), id: randomUUID() };
      const started = await world.honest(payload, first);
      await Promise.all(others(world, first).map((sending) => world.send(sending)));
      return [started];
    },
  };
}

const replays: readonly Attack[] = [
  replay("the same again", (_, first) => [first]),
  replay("the same many times at once", (_, first) => Array.from({ length: AT_ONCE }, () => first)),
  replay("under a new name", (_, first) => [{ ...first, id: randomUUID() }]),
  replay("under many new names at once", (_, first) =>
    Array.from({ length: AT_ONCE }, () => ({ ...first, id: randomUUID() })),
  ),
  replay("under its name in capitals", (_, first) => [{ ...first, id: first.id.toUpperCase() }]),
  replay("as another event", (_, first) => [{ ...first, id: randomUUID(), event: "issues" }]),
  replay("as the same event in other letters", (_, first) => [
    { ...first, id: randomUUID(), event: "ISSUE_COMMENT" },
  ]),
  replay("its name with another body", (world, first) => [{ ...first, ...json(world.comment()) }]),
  replay("its name with a label", (world, first) => [{ ...first, ...json(world.label()), event: "issues" }]),
  replay("its name with many other bodies", (world, first) =>
    Array.from({ length: AT_ONCE }, () => ({ ...first, ...json(world.comment()) })),
  ),
  replay("in pieces", (_, first) => [{ ...first, id: randomUUID(), trailing: 0 }]),
];

const times: readonly Attack[] = [
  sent("time", "a minute too old", (world) =>
    json(world.comment({ comment: { created_at: world.time(DAY_S + 60) } })),
  ),
  sent("time", "a year old", (world) =>
    json(world.comment({ comment: { created_at: world.time(365 * DAY_S) } })),
  ),
  sent("time", "of the year 1", (world) =>
    json(world.comment({ comment: { created_at: "0001-01-01T00:00:00Z" } })),
  ),
  sent("time", "of the future", (world) =>
    json(world.comment({ comment: { created_at: world.time(-600) } })),
  ),
  sent("time", "of another century", (world) =>
    json(world.comment({ comment: { created_at: "2999-01-01T00:00:00Z" } })),
  ),
  sent("time", "an old label", (world) => ({
    ...json(world.label({ issue: { updated_at: world.time(2 * DAY_S) } })),
    event: "issues",
  })),
  sent("time", "an old comment on a young issue", (world) =>
    json(
      world.comment({
        comment: { created_at: world.time(2 * DAY_S), updated_at: world.time() },
        issue: { updated_at: world.time() },
      }),
    ),
  ),
  sent("time", "no time", (world) => json(world.comment({ comment: { created_at: null } }))),
  sent("time", "a number", (world) => json(world.comment({ comment: { created_at: Date.now() } }))),
  sent("time", "a time of no zone", (world) =>
    json(world.comment({ comment: { created_at: world.time().replace("Z", "") } })),
  ),
];

/** What was right once. */
export const replayAttacks: readonly Attack[] = [...replays, ...times];
