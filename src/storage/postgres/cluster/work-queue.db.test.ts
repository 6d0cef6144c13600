import { afterEach, beforeEach, expect, inject, test } from "vitest";

import { type FreshDatabase, freshDatabase } from "../../../../test/postgres/fresh-database.ts";
import type { WorkJob } from "../../../ports/cluster.ts";
import { aCommit, aHead } from "../../testsuite/a-commit.ts";
import type { ClusterTiming } from "./cluster-timing.ts";
import { type NodeUnderTest, openNode, Probe, QUICK, wake } from "./node-under-test.testsuite.ts";

let database: FreshDatabase;
let probe: Probe;
const nodes: NodeUnderTest[] = [];

beforeEach(async () => {
  database = await freshDatabase(inject("postgresUrl"));
  probe = await Probe.open(database.url);
});

afterEach(async () => {
  await Promise.all(nodes.splice(0).map(({ storage }) => storage.close()));
  await probe.close();
  await database.drop();
});

async function open(id: string, timing: Partial<ClusterTiming> = {}): Promise<NodeUnderTest> {
  const node = await openNode(database.url, id, { ...QUICK, ...timing });
  nodes.push(node);
  return node;
}

const POLL = { timeout: 15_000, interval: 10 };
const names = (jobs: readonly WorkJob[]) => jobs.map(({ workflow_id }) => workflow_id);

test("a job is in the queue when its commit is, and not when it was refused", async () => {
  const { storage, cluster } = await open("a");
  const tenant = storage.forTenant("acme");
  const now = { at: null, begun: false, here: false };
  // One that was written long ago would be taken for forgotten by the sweep of a node that has just joined.
  const fresh = aHead({ id: "w2", tenant_id: "acme", version: 1, updated_at: new Date().toISOString() });
  const results = await Promise.all([
    tenant.commit(aCommit({ workflow_id: "w1", wake: now })),
    tenant.commit(aCommit({ workflow_id: "w2", head: fresh, wake: null })),
    tenant.commit(aCommit({ workflow_id: "w3", expected_version: 7, wake: now })),
    tenant.commit(aCommit({ workflow_id: "w4", fences: [{ step_id: "s", attempt: 1 }], wake: now })),
  ]);
  expect(results.map(({ ok }) => ok)).toEqual([true, true, false, false]);
  const jobs = await cluster.queue.take(10, 10);
  expect(jobs).toEqual([{ id: expect.any(String), retry: 0, tenant_id: "acme", workflow_id: "w1" }]);
  await cluster.queue.finish(jobs);
  expect(await probe.jobs()).toEqual([]);
});

test("a commit whose job can't be written leaves nothing behind", async () => {
  const { storage } = await open("a");
  const tenant = storage.forTenant("acme");
  await wake(storage, "w1");
  await probe.query("alter table boss.job add constraint full_queue check (group_id <> 'acme') not valid");
  const refused = { name: "StorageError", code: "storage_failed" };
  const both = [
    tenant.commit(aCommit({ workflow_id: "w2", wake: { at: null, begun: false, here: false } })),
    tenant.commit(aCommit({ workflow_id: "w3" })),
  ];
  await expect(both[0]).rejects.toMatchObject(refused);
  await expect(both[1]).resolves.toEqual({ ok: true });
  expect(await tenant.loadHead("w2")).toBeNull();
});

test("other nodes hear of work that one of them put in", async () => {
  const a = await open("a", { dueMs: 3_600_000 });
  const b = await open("b", { dueMs: 3_600_000 });
  await expect.poll(async () => (await a.cluster.nodes()).length, POLL).toBe(2);
  const before = b.work;
  await wake(a.storage, "w1");
  await expect.poll(() => b.work, POLL).toBeGreaterThan(before);
  await expect.poll(() => a.work, POLL).toBeGreaterThan(0);
});

test("three nodes that take at once never exceed the limit of a tenant, and lose nothing", async () => {
  const all = await Promise.all(["a", "b", "c"].map((id) => open(id)));
  const tenants = ["t1", "t2", "t3"];
  const wanted = tenants.flatMap((tenant_id) =>
    Array.from({ length: 30 }, (_, index) => ({ tenant_id, workflow_id: `${tenant_id}-w${index}` })),
  );
  await Promise.all(
    wanted.map(({ tenant_id, workflow_id }) => wake(all[0]!.storage, workflow_id, { tenant_id })),
  );
  const done: string[] = [];
  const active = new Map(tenants.map((tenant) => [tenant, 0]));
  let most = 0;
  await Promise.all(
    all.map(async ({ cluster: { queue } }) => {
      while (done.length < wanted.length) {
        const jobs = await queue.take(5, 2);
        for (const { tenant_id } of jobs) {
          const count = (active.get(tenant_id) ?? 0) + 1;
          active.set(tenant_id, count);
          most = Math.max(most, count);
        }
        await probe.query("select 1");
        // Counted down before the database knows: another node may take before the answer is here.
        for (const { tenant_id } of jobs) active.set(tenant_id, (active.get(tenant_id) ?? 0) - 1);
        await queue.finish(jobs);
        done.push(...names(jobs));
      }
    }),
  );
  expect(done.toSorted()).toEqual(wanted.map(({ workflow_id }) => workflow_id).toSorted());
  expect(most).toBeLessThanOrEqual(2);
  expect(await probe.jobs()).toEqual([]);
});

test("the limit of a tenant holds over nodes while jobs are held", async () => {
  const all = await Promise.all(["a", "b", "c"].map((id) => open(id)));
  for (let round = 0; round < 10; round += 1) {
    await Promise.all(Array.from({ length: 12 }, (_, index) => wake(all[0]!.storage, `w${round}-${index}`)));
    const taken = await Promise.all(all.map(({ cluster }) => cluster.queue.take(4, 3)));
    expect(taken.flat()).toHaveLength(3);
    await Promise.all(all.map(({ cluster }, index) => cluster.queue.finish(taken[index]!)));
    await probe.query("delete from boss.job");
  }
});

test("a tenant with many jobs does not hide the others", async () => {
  const { storage, cluster } = await open("a");
  await Promise.all(Array.from({ length: 40 }, (_, index) => wake(storage, `w${index}`)));
  await wake(storage, "small", { tenant_id: "other" });
  const jobs = await cluster.queue.take(10, 3);
  expect(jobs).toHaveLength(4);
  expect(names(jobs)).toContain("small");
});

test("what has begun goes first, what comes later waits", async () => {
  const { storage, cluster } = await open("a");
  const at = new Date(Date.now() + 1_000).toISOString();
  await wake(storage, "new");
  await wake(storage, "begun", { begun: true });
  await wake(storage, "later", { at });
  expect(names(await cluster.queue.take(1, 10))).toEqual(["begun"]);
  expect(names(await cluster.queue.take(10, 10))).toEqual(["new"]);
});

test("a job that has come due is told of, without anybody who announces it", async () => {
  const a = await open("a");
  await wake(a.storage, "later", { at: new Date(Date.now() + 500).toISOString() });
  expect(a.work).toBe(0);
  expect(await a.cluster.queue.take(1, 1)).toEqual([]);
  await expect.poll(() => a.work, POLL).toBeGreaterThan(0);
  expect(names(await a.cluster.queue.take(1, 1))).toEqual(["later"]);
});

test("a job that is given back goes to any node, at once or after its delay", async () => {
  const a = await open("a", { dueMs: 3_600_000 });
  const b = await open("b", { dueMs: 3_600_000 });
  await expect.poll(async () => (await a.cluster.nodes()).length, POLL).toBe(2);
  await wake(a.storage, "w1");
  const first = await a.cluster.queue.take(1, 1);
  const told = b.work;
  await a.cluster.queue.giveBack(first, 0);
  await expect.poll(() => b.work, POLL).toBeGreaterThan(told);
  const second = await b.cluster.queue.take(1, 1);
  expect(second).toEqual([{ ...first[0]!, retry: 1 }]);
  await b.cluster.queue.giveBack(second, 400);
  const at = performance.now();
  expect(await a.cluster.queue.take(1, 1)).toEqual([]);
  await expect.poll(async () => names(await a.cluster.queue.take(1, 1)), POLL).toEqual(["w1"]);
  expect(performance.now() - at).toBeGreaterThan(300);
});

test("who was too slow can neither finish nor give back the job of another", async () => {
  const silent = { touchMs: 3_600_000, jobSilenceSeconds: 1, superviseSeconds: 1 };
  const a = await open("a", silent);
  const b = await open("b", { ...silent, touchMs: 100 });
  await wake(a.storage, "w1");
  const [stale] = await a.cluster.queue.take(1, 1);
  const taken: WorkJob[] = [];
  await expect.poll(async () => taken.push(...(await b.cluster.queue.take(1, 1))), POLL).toBeGreaterThan(0);
  expect(taken).toEqual([{ ...stale!, retry: 1 }]);
  await a.cluster.queue.finish([stale!]);
  await a.cluster.queue.giveBack([stale!], 0);
  expect((await probe.jobs()).map(({ state, node }) => [state, node])).toEqual([["active", "b"]]);
  await b.cluster.queue.finish(taken);
  expect(await probe.jobs()).toEqual([]);
});

test("a job that is touched stays with its node, however long its workflow runs", async () => {
  const a = await open("a", { touchMs: 100, jobSilenceSeconds: 1, superviseSeconds: 1 });
  await wake(a.storage, "w1");
  const jobs = await a.cluster.queue.take(1, 1);
  await probe.query("update boss.job set started_on = now() - interval '30 days'");
  const passes = async () =>
    (
      await probe.query<{ at: string | null }>(
        "select monitor_claim_on::text as at from boss.queue where name = 'workflows'",
      )
    )[0]?.at;
  for (let round = 0; round < 3; round += 1) {
    const last = await passes();
    await expect.poll(passes, POLL).not.toBe(last);
  }
  expect((await probe.jobs()).map(({ state }) => state)).toEqual(["active"]);
  await a.cluster.queue.finish(jobs);
  expect(await probe.jobs()).toEqual([]);
});
