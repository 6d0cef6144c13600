import { describe, expect, test } from "vitest";

import { PART_KINDS, type PartRow } from "../../core/workflow/commit.ts";
import { aBlob, aCommit, aModelCall } from "./a-commit.ts";
import { freshTenant, type StoreUnderTest } from "./store-under-test.testsuite.ts";

const BODIES: Readonly<Record<string, unknown>> = {
  text: "just text",
  number: 42,
  fraction: 0.1,
  big: 9_007_199_254_740_991,
  nothing: null,
  no: false,
  list: [1, "two", [3], {}],
  order: { z: 1, a: { y: 2, b: 3 } },
  unicode: { "key 🐋": "naïve \u202e \u2028 𝔘", nul: "a\0b", half: "\ud83d", escaped: '\\u0000 \\ "' },
  large: { text: "0123456789abcdef".repeat(65_536) },
  digits: "12345678901234567890",
};

export function partsSuite(store: StoreUnderTest): void {
  describe("parts, blobs and model calls", () => {
    const open = () => {
      const tenant_id = freshTenant();
      return { tenant: store.storage().forTenant(tenant_id), tenant_id };
    };

    test.each(PART_KINDS)(
      "%s: every JSON value comes back as it was, the order of keys too",
      async (kind) => {
        const { tenant, tenant_id } = open();
        const parts: PartRow[] = Object.entries(BODIES).map(([key, body]) => ({ kind, key, body }));
        await tenant.commit(aCommit({ tenant_id, parts }));
        const stored = (await tenant.loadWorkflow("w1"))?.parts ?? [];
        const byKey = (left: PartRow, right: PartRow) => (left.key < right.key ? -1 : 1);
        expect(stored.toSorted(byKey)).toEqual(parts.toSorted(byKey));
        const order = stored.find((part) => part.key === "order");
        expect(JSON.stringify(order?.body)).toBe(JSON.stringify(BODIES["order"]));
      },
    );

    test("a head with odd text in it comes back as it was", async () => {
      const { tenant, tenant_id } = open();
      const commit = aCommit({
        tenant_id,
        head: { title: "nul \0 and 🐋", scope_id: "org/team", parent_id: "w0" },
      });
      expect(await tenant.commit(commit)).toEqual({ ok: true });
      expect(await tenant.loadHead("w1")).toEqual(commit.head);
    });

    test("an unknown workflow is null", async () => {
      const { tenant } = open();
      expect(await tenant.loadWorkflow("w1")).toBeNull();
      expect(await tenant.loadHead("w1")).toBeNull();
    });

    test.each([
      ["empty", ""],
      ["unicode", "naïve 🐋\r\n\u2028"],
      ["with NUL", 'binary \0\0 "quoted" \\0'],
      ["large", "x\n".repeat(1_000_000)],
    ])("a blob comes back as it was: %s", async (_, content) => {
      const { tenant, tenant_id } = open();
      const [put, committed] = [aBlob(content), aBlob(`${content} committed`)];
      await tenant.putBlob(put.hash, put.content);
      await tenant.commit(aCommit({ tenant_id, blobs: [committed] }));
      expect((await tenant.readBlob(put.hash)) === content).toBe(true);
      expect((await tenant.readBlob(committed.hash)) === committed.content).toBe(true);
    });

    test("blobs may be written again and are read many at a time", async () => {
      const { tenant, tenant_id } = open();
      const blobs = Array.from({ length: 1200 }, (_, index) => aBlob(`blob ${index}`));
      await tenant.commit(aCommit({ tenant_id, blobs: blobs.slice(0, 800) }));
      await tenant.commit(aCommit({ tenant_id, expected_version: 1, blobs }));
      await Promise.all([tenant.putBlob(blobs[0]!.hash, "blob 0"), tenant.putBlob(blobs[0]!.hash, "blob 0")]);
      const contents = await tenant.readBlobs([...blobs.map(({ hash }) => hash), "f".repeat(64)]);
      expect(contents).toEqual(new Map(blobs.map(({ hash, content }) => [hash, content])));
      expect(await tenant.readBlob("f".repeat(64))).toBeNull();
      expect(await tenant.readBlobs([])).toEqual(new Map());
    });

    test("many workflows that bring the same blobs at once do not get in each other's way", async () => {
      const { tenant, tenant_id } = open();
      const blobs = Array.from({ length: 40 }, (_, index) => aBlob(`shared ${index}`));
      const results = await Promise.all(
        Array.from({ length: 60 }, (_, index) =>
          tenant.commit(
            aCommit({
              tenant_id,
              workflow_id: `w${index}`,
              blobs: index % 2 === 0 ? blobs : blobs.toReversed(),
            }),
          ),
        ),
      );
      expect(results.every((result) => result.ok)).toBe(true);
      expect((await tenant.readBlobs(blobs.map(({ hash }) => hash))).size).toBe(40);
    });

    test("model calls come back as they were, in the order they were made", async () => {
      const { tenant, tenant_id } = open();
      const calls = [
        aModelCall({ created_at: "2026-11-23T10:00:01.000Z", step_id: "z" }),
        aModelCall({
          created_at: "2026-11-23T10:00:02.000Z",
          step_id: "a",
          response_hash: null,
          error: { code: "refusal", message: "no" },
        }),
        aModelCall({ created_at: "2026-11-23T10:00:02.000Z", step_id: "a", ordinal: 2, latency_ms: 0 }),
        aModelCall({ created_at: "2026-11-23T10:00:02.000Z", step_id: "a", attempt: 2, ordinal: 1 }),
      ];
      await tenant.commit(aCommit({ tenant_id, model_calls: calls.slice(0, 2) }));
      await tenant.commit(aCommit({ tenant_id, expected_version: 1, model_calls: calls.slice(2) }));
      expect(await tenant.listModelCalls("w1")).toEqual(calls);
    });

    test("a model call that was requested and has ended is one row, which nothing changes any more", async () => {
      const { tenant, tenant_id } = open();
      const requested = aModelCall({
        status: "requested",
        cost_usd: 2,
        tokens: 90_000,
        model_served: "",
        response_hash: null,
      });
      const answered = aModelCall({ latency_ms: 20, cost_usd: null });
      const late = aModelCall({ status: "failed", error: { code: "late", message: "too late" } });
      let expected_version = 0;
      for (const [call, stored] of [
        [requested, requested],
        [answered, answered],
        [late, answered],
      ] as const) {
        const result = await tenant.commit(aCommit({ tenant_id, expected_version, model_calls: [call] }));
        expect(result).toEqual({ ok: true });
        expect(await tenant.listModelCalls("w1")).toEqual([stored]);
        expected_version += 1;
      }
    });

    test("a model call that is requested and answered in one commit is stored as answered", async () => {
      const { tenant, tenant_id } = open();
      const calls = [aModelCall({ status: "requested" }), aModelCall({ latency_ms: 3 })];
      expect(await tenant.commit(aCommit({ tenant_id, model_calls: calls }))).toEqual({ ok: true });
      expect(await tenant.listModelCalls("w1")).toEqual(calls.slice(1));
    });
  });
}
