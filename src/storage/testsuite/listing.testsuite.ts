import { describe, expect, test } from "vitest";

import { WORKFLOW_STATUSES, type WorkflowHead } from "../../core/workflow/state.ts";
import type { TenantStorage } from "../../ports/storage.ts";
import { aCommit } from "./a-commit.ts";
import { freshTenant, type StoreUnderTest } from "./store-under-test.testsuite.ts";

const atMinute = (minute: number) => `2026-11-23T10:${String(minute).padStart(2, "0")}:00.000Z`;

export function listingSuite(store: StoreUnderTest): void {
  describe("lists", () => {
    const create = (tenant: TenantStorage, id: string, head: Partial<WorkflowHead>) =>
      tenant.commit(aCommit({ tenant_id: tenant.tenantId, workflow_id: id, head }));
    const after = (head: WorkflowHead | undefined) => head && { created_at: head.created_at, id: head.id };

    test("newest first, equal times by id, whatever the letters", async () => {
      const tenant = store.storage().forTenant(freshTenant());
      for (const [id, minute] of [
        ["b", 1],
        ["B", 1],
        ["a", 1],
        ["ä", 1],
        ["_", 1],
        ["old", 0],
        ["new", 2],
      ] as const) {
        await create(tenant, id, { created_at: atMinute(minute) });
      }
      const heads = await tenant.listWorkflows({ limit: 10, after: null, statuses: null });
      expect(heads.map((head) => head.id)).toEqual(["new", "ä", "b", "a", "_", "B", "old"]);
    });

    test("pages do not move when workflows are created or change in between", async () => {
      const tenant = store.storage().forTenant(freshTenant());
      for (let index = 0; index < 10; index += 1) {
        await create(tenant, `w${index}`, { created_at: atMinute(Math.floor(index / 3)) });
      }
      const expected = (await tenant.listWorkflows({ limit: 100, after: null, statuses: null })).map(
        ({ id }) => id,
      );
      const seen: WorkflowHead[] = [];
      for (let round = 0; ; round += 1) {
        const page = await tenant.listWorkflows({
          limit: 3,
          after: after(seen.at(-1)) ?? null,
          statuses: null,
        });
        if (page.length === 0) break;
        seen.push(...page);
        await create(tenant, `newer${round}`, { created_at: atMinute(30 + round) });
        const first = page[0]!;
        await tenant.commit(
          aCommit({
            tenant_id: tenant.tenantId,
            workflow_id: first.id,
            expected_version: 1,
            head: { created_at: first.created_at, status: "failed" },
          }),
        );
      }
      expect(seen.map(({ id }) => id)).toEqual(expected);
    });

    test("only the statuses that were asked for, across pages", async () => {
      const tenant = store.storage().forTenant(freshTenant());
      for (const [index, status] of WORKFLOW_STATUSES.entries()) {
        await create(tenant, status, { status, created_at: atMinute(index) });
      }
      const statuses = ["failed", "running", "paused"] as const;
      const first = await tenant.listWorkflows({ limit: 2, after: null, statuses });
      const rest = await tenant.listWorkflows({ limit: 2, after: after(first.at(-1)) ?? null, statuses });
      expect([...first, ...rest].map(({ id }) => id)).toEqual(["failed", "paused", "running"]);
      expect(await tenant.listWorkflows({ limit: 2, after: null, statuses: [] })).toEqual([]);
    });

    test("unfinished are those that may have something to run, oldest first, of all tenants", async () => {
      const [one, other] = [freshTenant(), freshTenant()].map((id) => store.storage().forTenant(id));
      for (const [index, status] of WORKFLOW_STATUSES.entries()) {
        await create(one!, `${status}-open`, { status, closed: false, created_at: atMinute(20 - index) });
        await create(other!, `${status}-closed`, { status, closed: true, created_at: atMinute(index) });
      }
      await create(other!, "oldest", { status: "running", created_at: atMinute(0) });
      const ours = new Set([one!.tenantId, other!.tenantId]);
      const unfinished = (await store.storage().system.listUnfinished()).filter(({ tenant_id }) =>
        ours.has(tenant_id),
      );
      expect(unfinished.map(({ id }) => id)).toEqual([
        "oldest",
        "cancelled-open",
        "failed-open",
        "completed-open",
        "running-open",
        "pending-open",
      ]);
      expect(unfinished[0]).toEqual({ tenant_id: other!.tenantId, id: "oldest", created_at: atMinute(0) });
    });

    test("a workflow that is closed or parked leaves the unfinished ones, and comes back when resumed", async () => {
      const tenant = store.storage().forTenant(freshTenant());
      const isUnfinished = async () =>
        (await store.storage().system.listUnfinished()).some(
          ({ tenant_id }) => tenant_id === tenant.tenantId,
        );
      const move = (expected_version: number, head: Partial<WorkflowHead>) =>
        tenant.commit(aCommit({ tenant_id: tenant.tenantId, expected_version, head }));
      await create(tenant, "w1", { status: "running" });
      expect(await isUnfinished()).toBe(true);
      await move(1, { status: "paused" });
      expect(await isUnfinished()).toBe(false);
      await move(2, { status: "running" });
      expect(await isUnfinished()).toBe(true);
      await move(3, { status: "completed" });
      expect(await isUnfinished()).toBe(true);
      await move(4, { status: "completed", closed: true });
      expect(await isUnfinished()).toBe(false);
    });

    test("the versions of any workflows are told in one question, and of those that exist alone", async () => {
      const tenants = [freshTenant(), freshTenant()];
      const expected = [];
      for (const tenant_id of tenants) {
        const tenant = store.storage().forTenant(tenant_id);
        await create(tenant, "w1", {});
        await create(tenant, "w2", {});
        await tenant.commit(aCommit({ tenant_id, workflow_id: "w2", expected_version: 1 }));
        expected.push(
          { tenant_id, workflow_id: "w1", version: 1 },
          { tenant_id, workflow_id: "w2", version: 2 },
        );
      }
      const { system } = store.storage();
      const unknown = Array.from({ length: 1_200 }, (_, index) => ({
        tenant_id: `nobody-${index}`,
        workflow_id: "w1",
      }));
      const found = await system.versionsOf([
        ...unknown,
        ...expected,
        { tenant_id: tenants[0]!, workflow_id: "w3" },
      ]);
      const name = (one: { tenant_id: string; workflow_id: string }) => `${one.tenant_id} ${one.workflow_id}`;
      expect(new Map(found.map((one) => [name(one), one]))).toEqual(
        new Map(expected.map((one) => [name(one), one])),
      );
      expect(found).toHaveLength(4);
      expect(await system.versionsOf([])).toEqual([]);
    });

    test("the store answers a ping", async () => {
      await expect(store.storage().system.ping()).resolves.toBeUndefined();
    });
  });
}
