import { describe, expect, test } from "vitest";

import { aCommit, anEvent, someEvents } from "./a-commit.ts";
import { freshTenant, type StoreUnderTest } from "./store-under-test.testsuite.ts";

/** Commits of 3, 1, none, 5, 2 and 4 events: 15 in all. */
const SIZES = [3, 1, 0, 5, 2, 4];

export function eventsSuite(store: StoreUnderTest): void {
  describe("events", () => {
    async function aWorkflow() {
      const tenant_id = freshTenant();
      const tenant = store.storage().forTenant(tenant_id);
      let next = 1;
      for (const [expected_version, size] of SIZES.entries()) {
        await tenant.commit(aCommit({ tenant_id, expected_version, events: someEvents(next, size) }));
        next += size;
      }
      return tenant;
    }

    test("every page is exactly what it should be, wherever it starts and ends", async () => {
      const tenant = await aWorkflow();
      const all = someEvents(1, 15);
      for (let after = 0; after <= 16; after += 1) {
        for (const limit of [1, 2, 3, 4, 7, 14, 15, 16, 1000]) {
          const page = await tenant.readEvents("w1", { after, limit });
          expect(page, `after ${after}, limit ${limit}`).toEqual(all.slice(after, after + limit));
        }
      }
    });

    test("paging from any start gives every event once, without a gap", async () => {
      const tenant = await aWorkflow();
      for (const limit of [1, 2, 4, 6, 15]) {
        const seen: number[] = [];
        for (;;) {
          const page = await tenant.readEvents("w1", { after: seen.at(-1) ?? 0, limit });
          if (page.length === 0) break;
          seen.push(...page.map((event) => event.seq));
        }
        expect(seen).toEqual(Array.from({ length: 15 }, (_, index) => index + 1));
      }
    });

    test("an unknown workflow has none", async () => {
      const tenant = store.storage().forTenant(freshTenant());
      expect(await tenant.readEvents("w1", { after: 0, limit: 10 })).toEqual([]);
    });

    test("any text comes back as it was written", async () => {
      const tenant_id = freshTenant();
      const tenant = store.storage().forTenant(tenant_id);
      const events = [
        "",
        "naïve 🐋 \u202e",
        'quote " and \\ back',
        "nul \0 inside",
        "half \ud83d pair",
        "\\u0000",
      ].map((text, index) => anEvent(index + 1, text));
      await tenant.commit(aCommit({ tenant_id, events }));
      expect(await tenant.readEvents("w1", { after: 0, limit: 10 })).toEqual(events);
    });

    test("a stored event of a shape that nobody knows is refused, not passed on", async () => {
      const tenant_id = freshTenant();
      const tenant = store.storage().forTenant(tenant_id);
      const odd = { ...anEvent(1), type: "from.the.future" } as unknown as ReturnType<typeof anEvent>;
      await tenant.commit(aCommit({ tenant_id, events: [odd] }));
      await expect(tenant.readEvents("w1", { after: 0, limit: 1 })).rejects.toThrow(/from\.the\.future/);
    });
  });
}
