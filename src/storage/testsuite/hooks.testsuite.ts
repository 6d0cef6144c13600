import { randomUUID } from "node:crypto";

import { describe, expect, test } from "vitest";

import type { ReceivedHook } from "../../ports/hook-log.ts";
import type { StoreUnderTest } from "./store-under-test.testsuite.ts";

const AT = "2026-11-23T10:00:00.000Z";

function aReceived(changes: Partial<ReceivedHook> = {}): ReceivedHook {
  return {
    source: "github",
    delivery_id: randomUUID(),
    body_hash: randomUUID(),
    received_at: AT,
    ...changes,
  };
}

export function hooksSuite(store: StoreUnderTest): void {
  const log = () => store.storage().system.hooks;

  describe("received hooks", () => {
    test("are new once", async () => {
      const hook = aReceived();
      expect(await log().remember(hook)).toBeNull();
      expect(await log().remember({ ...hook, received_at: "2026-11-24T00:00:00.000Z" })).toEqual({
        ...hook,
        workflow_id: null,
      });
    });

    test("say which workflow they have started", async () => {
      const hook = aReceived();
      await log().remember(hook);
      await log().answered(hook, "wf_1");
      expect(await log().remember(hook)).toEqual({ ...hook, workflow_id: "wf_1" });
    });

    test("are known by their name and by their body", async () => {
      const hook = aReceived();
      await log().remember(hook);
      expect(await log().remember(aReceived({ body_hash: hook.body_hash }))).toMatchObject(hook);
      expect(await log().remember(aReceived({ delivery_id: hook.delivery_id }))).toMatchObject(hook);
      const other = aReceived();
      await log().remember(other);
      const mixed = aReceived({ delivery_id: hook.delivery_id, body_hash: other.body_hash });
      expect(await log().remember(mixed)).toMatchObject(hook);
    });

    test("of another sender are others", async () => {
      const hook = aReceived();
      await log().remember(hook);
      expect(await log().remember({ ...hook, source: "elsewhere" })).toBeNull();
    });

    test("of a hundred copies at once exactly one is new", async () => {
      const hook = aReceived();
      const copies = Array.from({ length: 100 }, (_, index) =>
        log().remember(index % 2 === 0 ? hook : { ...hook, delivery_id: randomUUID() }),
      );
      const standing = await Promise.all(copies);
      expect(standing.filter((one) => one === null)).toHaveLength(1);
      expect(new Set(standing.flatMap((one) => one?.delivery_id ?? []))).toHaveProperty("size", 1);
    });

    test("go when they are old, the oldest first and so many at a time", async () => {
      const old = ["2001-01-01", "2001-01-02", "2001-01-03"].map((day) =>
        aReceived({ received_at: `${day}T00:00:00.000Z` }),
      );
      for (const hook of old) await log().remember(hook);
      expect(await log().prune("2001-01-03T00:00:00.000Z", 1)).toBe(1);
      expect(await log().remember(old[1]!)).not.toBeNull();
      expect(await log().prune("2001-01-03T00:00:00.000Z", 10)).toBe(1);
      expect(await log().prune("2001-01-03T00:00:00.000Z", 10)).toBe(0);
      expect(await log().remember(old[2]!), "it is not before that time").not.toBeNull();
      expect(await log().remember(old[0]!), "its name is free").toBeNull();
    });
  });
}
