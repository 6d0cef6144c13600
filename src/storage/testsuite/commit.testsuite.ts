import { describe, expect, test } from "vitest";

import type { Commit } from "../../core/workflow/commit.ts";
import { aBlob, aCommit, aModelCall, aStep, someEvents } from "./a-commit.ts";
import { freshTenant, type StoreUnderTest } from "./store-under-test.testsuite.ts";

const OK = { ok: true };
const refused = (code: string) => ({ ok: false, code });

export function commitSuite(store: StoreUnderTest): void {
  describe("commit", () => {
    const open = () => {
      const tenant_id = freshTenant();
      const tenant = store.storage().forTenant(tenant_id);
      const commit = (changes: Parameters<typeof aCommit>[0]) =>
        tenant.commit(aCommit({ tenant_id, ...changes }));
      return { tenant, tenant_id, commit };
    };

    test("writes everything that it holds", async () => {
      const { tenant, tenant_id } = open();
      const blob = aBlob("content");
      const commit = aCommit({
        tenant_id,
        events: someEvents(1, 3),
        parts: [{ kind: "task", key: "a", body: { id: "a" } }],
        steps: [aStep(), aStep({ id: "task:b#0", status: "queued", owner: null, lease_until: null })],
        model_calls: [aModelCall()],
        blobs: [blob],
      });
      expect(await tenant.commit(commit)).toEqual(OK);
      expect(await tenant.loadHead("w1")).toEqual(commit.head);
      expect(await tenant.loadWorkflow("w1")).toEqual({ head: commit.head, parts: commit.parts });
      expect(await tenant.readEvents("w1", { after: 0, limit: 10 })).toEqual(commit.events);
      expect(await tenant.listSteps("w1")).toEqual(commit.steps);
      expect(await tenant.listModelCalls("w1")).toEqual(commit.model_calls);
      expect(await tenant.readBlob(blob.hash)).toBe("content");
    });

    test("moves a workflow on and replaces the rows that changed", async () => {
      const { tenant, commit } = open();
      await commit({
        events: someEvents(1, 1),
        parts: [
          { kind: "task", key: "a", body: { status: "ready" } },
          { kind: "task", key: "b", body: { status: "ready" } },
        ],
        steps: [aStep()],
      });
      const done = aStep({
        status: "completed",
        owner: null,
        lease_until: null,
        finished_at: "2026-11-23T10:05:00.000Z",
      });
      const after = {
        expected_version: 1,
        head: { status: "completed", closed: true, title: "Another", mode: "docs" },
        events: someEvents(2, 2),
        parts: [{ kind: "task", key: "a", body: { status: "completed" } }],
        steps: [done],
        fences: [{ step_id: "task:a#0", attempt: 1 }],
      } as const;
      expect(await commit(after)).toEqual(OK);
      expect(await tenant.loadHead("w1")).toMatchObject({ version: 2, ...after.head });
      expect((await tenant.loadWorkflow("w1"))?.parts).toEqual([
        { kind: "task", key: "a", body: { status: "completed" } },
        { kind: "task", key: "b", body: { status: "ready" } },
      ]);
      expect(await tenant.listSteps("w1")).toEqual([done]);
      expect(await tenant.readEvents("w1", { after: 0, limit: 10 })).toEqual(someEvents(1, 3));
      const listed = await tenant.listWorkflows({ limit: 10, after: null, statuses: ["completed"] });
      expect(listed.map((head) => head.id)).toEqual(["w1"]);
    });

    test("says why it is refused: the version first, then the lease", async () => {
      const { commit } = open();
      const lost = [{ step_id: "task:a#0", attempt: 9 }];
      expect(await commit({ fences: lost })).toEqual(refused("lease_lost"));
      expect(await commit({ steps: [aStep()] })).toEqual(OK);
      expect(await commit({})).toEqual(refused("already_exists"));
      expect(await commit({ fences: lost })).toEqual(refused("already_exists"));
      expect(await commit({ expected_version: 2 })).toEqual(refused("version_conflict"));
      expect(await commit({ expected_version: 2, fences: lost })).toEqual(refused("version_conflict"));
      expect(await commit({ expected_version: 1, fences: lost })).toEqual(refused("lease_lost"));
      expect(await commit({ workflow_id: "unknown", expected_version: 1 })).toEqual(
        refused("version_conflict"),
      );
      expect(await commit({ expected_version: 1 })).toEqual(OK);
    });

    test.each([
      ["an earlier attempt", { step_id: "task:a#0", attempt: 1 }],
      ["a later attempt", { step_id: "task:a#0", attempt: 3 }],
      ["an unknown step", { step_id: "task:z#0", attempt: 2 }],
      ["a step that is queued", { step_id: "task:b#0", attempt: 2 }],
      ["a step that is completed", { step_id: "task:c#0", attempt: 2 }],
    ])("is fenced off for %s", async (_, fence) => {
      const { commit } = open();
      await commit({
        steps: [
          aStep({ attempt: 2 }),
          aStep({ id: "task:b#0", attempt: 2, status: "queued" }),
          aStep({ id: "task:c#0", attempt: 2, status: "completed" }),
        ],
      });
      const owned = { step_id: "task:a#0", attempt: 2 };
      expect(await commit({ expected_version: 1, fences: [owned, fence] })).toEqual(refused("lease_lost"));
      expect(await commit({ expected_version: 1, fences: [owned] })).toEqual(OK);
    });

    test("leaves nothing behind when it is refused", async () => {
      const { tenant, commit } = open();
      await commit({ events: someEvents(1, 1), steps: [aStep()] });
      const blob = aBlob("refused");
      const rows = {
        events: someEvents(2, 1),
        parts: [{ kind: "task", key: "a", body: 1 }],
        steps: [aStep({ status: "completed" }), aStep({ id: "new" })],
        model_calls: [aModelCall()],
        blobs: [blob],
      } as const;
      for (const wrong of [
        { expected_version: 0 },
        { expected_version: 7 },
        { expected_version: 1, fences: [{ step_id: "task:a#0", attempt: 2 }] },
      ]) {
        expect(await commit({ ...rows, ...wrong })).toMatchObject({ ok: false });
      }
      expect(await tenant.loadWorkflow("w1")).toMatchObject({ head: { version: 1 }, parts: [] });
      expect(await tenant.readEvents("w1", { after: 0, limit: 10 })).toHaveLength(1);
      expect(await tenant.listSteps("w1")).toEqual([aStep()]);
      expect(await tenant.listModelCalls("w1")).toEqual([]);
      expect(await tenant.readBlob(blob.hash)).toBeNull();
      // A refused commit must not have made the store believe that it has the blob.
      await commit({ expected_version: 1, blobs: [blob] });
      expect(await tenant.readBlob(blob.hash)).toBe("refused");
    });

    test("stands or falls alone among those it shares a transaction with", async () => {
      const { tenant, commit } = open();
      await commit({ workflow_id: "stale" });
      await commit({ workflow_id: "fenced", steps: [aStep()] });
      const results = await Promise.all([
        ...Array.from({ length: 20 }, (_, index) =>
          commit({ workflow_id: `w${index}`, events: someEvents(1, 2) }),
        ),
        commit({ workflow_id: "stale", expected_version: 5, events: someEvents(1, 2) }),
        commit({ workflow_id: "fenced", expected_version: 1, fences: [{ step_id: "task:a#0", attempt: 2 }] }),
        commit({ workflow_id: "stale" }),
      ]);
      expect(results.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => OK));
      expect(results.slice(20)).toEqual(["version_conflict", "lease_lost", "already_exists"].map(refused));
      for (let index = 0; index < 20; index += 1) {
        expect(await tenant.readEvents(`w${index}`, { after: 0, limit: 10 })).toHaveLength(2);
      }
      expect(await tenant.readEvents("stale", { after: 0, limit: 10 })).toEqual([]);
    });

    test("that the store can't take fails alone and leaves nothing behind", async () => {
      const { tenant, commit } = open();
      const impossible = {
        steps: [aStep({ cycle: null as unknown as number })],
        parts: [{ kind: "task", key: "a", body: 1 }],
      } as const;
      const [before, broken, after] = await Promise.allSettled([
        commit({ workflow_id: "before" }),
        commit({ workflow_id: "broken", events: someEvents(1, 1), blobs: [aBlob("broken")], ...impossible }),
        commit({ workflow_id: "after" }),
      ]);
      expect(before).toEqual({ status: "fulfilled", value: OK });
      expect(after).toEqual({ status: "fulfilled", value: OK });
      expect(broken).toMatchObject({
        status: "rejected",
        reason: { name: "StorageError", code: "storage_failed" },
      });
      expect(await tenant.loadWorkflow("broken")).toBeNull();
      expect(await tenant.readEvents("broken", { after: 0, limit: 10 })).toEqual([]);
      expect(await tenant.readBlob(aBlob("broken").hash)).toBeNull();
      expect(await commit({ workflow_id: "broken" })).toEqual(OK);
    });

    test("of the same workflow at once: one wins each version, in the order of asking", async () => {
      const { tenant, commit } = open();
      const results = await Promise.all([
        commit({ events: someEvents(1, 1) }),
        commit({ events: someEvents(1, 1) }),
        commit({ expected_version: 1, events: someEvents(2, 1) }),
        commit({ expected_version: 1, events: someEvents(2, 1) }),
        commit({ expected_version: 2, events: someEvents(3, 1) }),
      ]);
      expect(results).toEqual([OK, refused("already_exists"), OK, refused("version_conflict"), OK]);
      expect(await tenant.readEvents("w1", { after: 0, limit: 10 })).toEqual(someEvents(1, 3));
    });

    test("may name a row twice: the last one counts", async () => {
      const { tenant, commit } = open();
      const result = await commit({
        steps: [aStep(), aStep({ status: "completed" })],
        parts: [
          { kind: "task", key: "a", body: 1 },
          { kind: "finding", key: "a", body: 2 },
          { kind: "task", key: "a", body: 3 },
        ],
        blobs: [aBlob("same"), aBlob("same")],
      });
      expect(result).toEqual(OK);
      expect(await tenant.listSteps("w1")).toMatchObject([{ status: "completed" }]);
      const parts = (await tenant.loadWorkflow("w1"))?.parts ?? [];
      expect(parts.find((part) => part.kind === "task")?.body).toBe(3);
      expect(parts).toHaveLength(2);
    });

    test("of another tenant is refused before it is written", async () => {
      const { tenant, tenant_id } = open();
      const foreign: Commit = aCommit({ tenant_id: freshTenant() });
      await expect(tenant.commit(foreign)).rejects.toMatchObject({ code: "storage_failed" });
      const disguised = { ...aCommit({ tenant_id }), tenant_id: foreign.tenant_id };
      await expect(tenant.commit(disguised)).rejects.toMatchObject({ code: "storage_failed" });
      expect(await store.storage().forTenant(foreign.tenant_id).loadHead("w1")).toBeNull();
    });

    test("takes a step with an error and times as they were given", async () => {
      const { tenant, commit } = open();
      const step = aStep({
        status: "failed",
        lease_until: "2026-11-23T10:01:00.123Z",
        available_at: "2026-11-23T10:02:00.456Z",
        finished_at: AFTER,
        error: { code: "timeout", message: 'after "5 min" – naïve' },
      });
      await commit({ steps: [step] });
      expect(await tenant.listSteps("w1")).toEqual([step]);
    });

    test("lists steps in the order of their start, the waiting ones last", async () => {
      const { tenant, commit } = open();
      const at = (minute: number) => `2026-11-23T10:0${minute}:00.000Z`;
      await commit({
        steps: [
          aStep({ id: "z", started_at: at(1) }),
          aStep({ id: "b", started_at: null, status: "queued" }),
          aStep({ id: "a", started_at: null, status: "queued" }),
          aStep({ id: "y", started_at: at(2) }),
        ],
      });
      expect((await tenant.listSteps("w1")).map((step) => step.id)).toEqual(["z", "y", "a", "b"]);
    });
  });
}

const AFTER = "2026-11-23T10:03:00.000Z";
