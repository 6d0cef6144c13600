import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

import { afterEach, beforeEach, expect, inject, test } from "vitest";

import { type FreshDatabase, freshDatabase } from "../../../../test/postgres/fresh-database.ts";
import { aCommit, aHead } from "../../testsuite/a-commit.ts";
import { openPool } from "../pools.ts";
import { makeBoss } from "./boss.ts";
import { CLUSTER_TIMING, type ClusterTiming } from "./cluster-timing.ts";
import { type NodeUnderTest, openNode, Probe, QUICK, runBy, wake } from "./node-under-test.testsuite.ts";
import { takeOver } from "./take-over.ts";

let database: FreshDatabase;
let probe: Probe;
const nodes: NodeUnderTest[] = [];
const children: ReturnType<typeof spawn>[] = [];

beforeEach(async () => {
  database = await freshDatabase(inject("postgresUrl"));
  probe = await Probe.open(database.url);
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  await Promise.all(nodes.splice(0).map(({ storage }) => storage.close()));
  await probe.close();
  await database.drop();
});

async function open(id: string, timing: Partial<ClusterTiming> = QUICK): Promise<NodeUnderTest> {
  const node = await openNode(database.url, id, timing);
  nodes.push(node);
  return node;
}

/** A node in a process of its own; it says `joined` and, each time, `doubted`. */
async function spawnNode(id: string, timing: Partial<ClusterTiming> = QUICK) {
  const helper = JSON.stringify(new URL("./node-under-test.testsuite.ts", import.meta.url).href);
  const script = `
    const { openNode } = await import(${helper});
    const node = await openNode(${JSON.stringify(database.url)}, ${JSON.stringify(id)}, ${JSON.stringify(timing)});
    let doubted = 0;
    setInterval(() => {
      if (node.doubted > doubted) console.log("doubted");
      doubted = node.doubted;
    }, 5);
    console.log("joined");`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  await expect.poll(() => lines, { timeout: 20_000 }).toContain("joined");
  return { child, lines };
}

const POLL = { timeout: 10_000, interval: 10 };
const nodeIds = async (node: NodeUnderTest) => (await node.cluster.nodes()).map(({ id }) => id).toSorted();

test("nodes see one another until they leave", async () => {
  const a = await open("a");
  const b = await open("b");
  expect(await nodeIds(a)).toEqual(["a", "b"]);
  const [seen] = await b.cluster.nodes();
  expect(seen).toMatchObject({ id: "a", role: "all", version: "1.0.0" });
  expect(Date.parse(seen!.lease_until) - Date.parse(seen!.started_at)).toBeGreaterThan(10_000);
  expect(await a.cluster.deadOf(["a", "b", "c"])).toEqual(new Set(["c"]));
  await b.cluster.leave();
  expect(await nodeIds(a)).toEqual(["a"]);
  expect(await a.cluster.deadOf(["b"])).toEqual(new Set(["b"]));
});

test("a killed node is noticed within a second, and its workflows go on once", async () => {
  const timing = { ...QUICK, lookMs: 300, heartbeatMs: 3_000 };
  const a = await open("a", timing);
  const b = await open("b", timing);
  const { child } = await spawnNode("c", timing);
  for (const id of ["w1", "w2", "w3"]) await runBy(a.storage, "c", id);
  await runBy(a.storage, "a", "other");
  await expect.poll(() => nodeIds(a), POLL).toEqual(["a", "b", "c"]);
  const work = a.work + b.work;
  const at = performance.now();
  child.kill("SIGKILL");
  await expect.poll(() => a.work + b.work, POLL).toBeGreaterThan(work);
  expect(performance.now() - at).toBeLessThan(1_000);
  expect(await nodeIds(a)).toEqual(["a", "b"]);
  expect((await probe.jobs()).map(({ workflow, priority }) => [workflow, priority])).toEqual([
    ["w1", 1],
    ["w2", 1],
    ["w3", 1],
  ]);
  const taken = await Promise.all([a.cluster.queue.take(10, 10), b.cluster.queue.take(10, 10)]);
  expect(
    taken
      .flat()
      .map(({ workflow_id }) => workflow_id)
      .toSorted(),
  ).toEqual(["w1", "w2", "w3"]);
});

test("many that look at the same time take a dead node over once", async () => {
  const all = await Promise.all(["a", "b", "c"].map((id) => open(id)));
  const now = Date.now();
  for (let index = 0; index < 10; index += 1) {
    const dead = `dead-${index}`;
    await runBy(all[0]!.storage, dead, `w${index}`);
    await probe.query("insert into nodes values ($1, 'all', '1', 1, $2, $3)", [dead, now, now - 1]);
  }
  await expect.poll(() => nodeIds(all[0]!), POLL).toEqual(["a", "b", "c"]);
  const jobs = await probe.jobs();
  expect(jobs.map(({ workflow }) => workflow)).toEqual(Array.from({ length: 10 }, (_, index) => `w${index}`));
});

test("who comes too late takes nothing over, nor who has an old view of a node that lives", async () => {
  const a = await open("a", { ...QUICK, lookMs: 3_600_000 }); // it looks once, and not for the row to come
  const pool = openPool({ connectionString: database.url }, a.logger);
  const timing = { ...CLUSTER_TIMING, ...QUICK };
  const parts = { boss: makeBoss(pool, { timing, logger: a.logger }), pool, timing };
  const lease_until = Date.now() + 60_000;
  await probe.query("insert into nodes values ('b', 'all', '1', 1, 0, $1)", [lease_until]);
  await runBy(a.storage, "b", "w1");
  const seen = { id: "b", lock_key: 1, lease_until };
  expect(await takeOver(parts, { ...seen, lease_until: lease_until - 1 })).toBeNull();
  expect(await takeOver(parts, { ...seen, lock_key: 2 })).toBeNull();
  expect(await probe.jobs()).toEqual([]);
  expect(await takeOver(parts, seen)).toBe(1);
  expect(await a.cluster.queue.take(1, 1)).toHaveLength(1);
  expect(await takeOver(parts, seen)).toBeNull();
  expect(await probe.jobs()).toHaveLength(1);
  await pool.end();
});

test("the jobs that a dead node had taken are free at once", async () => {
  const a = await open("a");
  const b = await open("b");
  const { child } = await spawnNode("c");
  await runBy(a.storage, "c", "running");
  // As if c had taken a job for the workflow that it runs, and one for a workflow that waits.
  await probe.query(
    `insert into boss.job (name, data, group_id, singleton_key, state, started_on, heartbeat_on, heartbeat_seconds,
        retry_limit)
      select 'workflows', jsonb_build_object('tenant_id', 'acme', 'workflow_id', w, 'node', 'c'), 'acme', 'acme/' || w,
        'active', now(), now(), 60, 100
      from unnest(array['running', 'waiting']) w`,
  );
  child.kill("SIGKILL");
  await expect
    .poll(async () => (await probe.jobs()).map(({ workflow, state }) => `${workflow} ${state}`), POLL)
    .toEqual(["running retry", "waiting retry"]);
  expect(await b.cluster.queue.take(10, 2)).toHaveLength(2);
});

test("a stopped node is dead once its lease has run out, and doubts itself when it goes on", async () => {
  const timing = { ...QUICK, leaseMs: 1_000 };
  const a = await open("a", timing);
  const { child, lines } = await spawnNode("b", timing);
  await runBy(a.storage, "b", "w1");
  child.kill("SIGSTOP");
  await expect.poll(() => nodeIds(a), POLL).toEqual(["a"]);
  expect((await probe.jobs()).map(({ workflow }) => workflow)).toEqual(["w1"]);
  expect(lines).not.toContain("doubted");
  const at = performance.now();
  child.kill("SIGCONT");
  await expect.poll(() => lines, POLL).toContain("doubted");
  expect(performance.now() - at).toBeLessThan(1_000);
  await expect.poll(() => nodeIds(a), POLL).toEqual(["a", "b"]);
});

test("a loss of all connections at once kills nobody, and everybody doubts", async () => {
  const all = await Promise.all(["a", "b", "c"].map((id) => open(id)));
  const before = await all[0]!.cluster.nodes();
  for (let round = 1; round <= 3; round += 1) {
    await probe.cutAll();
    await expect.poll(() => all.every(({ doubted }) => doubted >= round), POLL).toBe(true);
  }
  // Long enough for looks that would trust a missing lock again.
  const renewed = new Date(Date.now() + 15_000 + 2 * 1_000).toISOString();
  await expect
    .poll(async () => (await all[0]!.cluster.nodes()).every(({ lease_until }) => lease_until > renewed), POLL)
    .toBe(true);
  const started = ({ id, started_at }: { id: string; started_at: string }) => [id, started_at];
  expect((await all[0]!.cluster.nodes()).map(started)).toEqual(before.map(started));
  expect(all.flatMap(({ logger }) => logger.lines.filter(({ message }) => message.includes("died")))).toEqual(
    [],
  );
});

test("who needs longer than others to come back is not taken for dead", async () => {
  const a = await open("a", { ...QUICK, settleMs: 5_000 });
  const { child, lines } = await spawnNode("b");
  await runBy(a.storage, "b", "w1");
  child.kill("SIGSTOP");
  await probe.cutAll();
  await expect.poll(() => a.doubted, POLL).toBe(1);
  const lease = async () => (await a.cluster.nodes()).find(({ id }) => id === "a")!.lease_until;
  for (let heartbeat = 0; heartbeat < 3; heartbeat += 1) {
    const last = await lease();
    await expect.poll(lease, POLL).not.toBe(last); // a dozen looks
  }
  expect(await nodeIds(a)).toEqual(["a", "b"]);
  child.kill("SIGCONT");
  await expect.poll(() => lines, POLL).toContain("doubted");
  expect(await probe.jobs()).toEqual([]);
});

test("nobody is taken for dead while PostgreSQL has just been started", async () => {
  const timing = { ...QUICK, settleMs: 3_600_000, leaseMs: 1_000 };
  const a = await open("a", timing);
  const { child } = await spawnNode("b", timing);
  const [, b] = await a.cluster.nodes();
  child.kill("SIGKILL");
  const longOver = Date.parse(b!.lease_until) + 1_500;
  await expect.poll(() => Date.now() > longOver, POLL).toBe(true);
  expect(await nodeIds(a)).toEqual(["a", "b"]);
});

test("after an outage that was longer than a lease, who is back first does not bury the others", async () => {
  const timing = { ...QUICK, leaseMs: 1_000, settleMs: 5_000 };
  const a = await open("a", { ...timing, reconnectMs: 1_500 });
  const b = await open("b", { ...timing, reconnectMs: 30 });
  const name = new URL(database.url).pathname.slice(1);
  const admin = openPool({ connectionString: inject("postgresUrl"), max: 1 }, a.logger);
  await admin.query(`alter database ${name} allow_connections false`);
  await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [name]);
  const back = performance.now() + 1_800;
  await expect.poll(() => performance.now() > back, POLL).toBe(true);
  await admin.query(`alter database ${name} allow_connections true`);
  await admin.end();
  await expect.poll(() => Math.min(a.doubted, b.doubted), { ...POLL, timeout: 10_000 }).toBeGreaterThan(0);
  for (const { logger } of [a, b])
    expect(logger.lines.filter(({ message }) => message.includes("died"))).toEqual([]);
});

test("an idempotency key of a living node is not taken over; a dead one's is", async () => {
  const a = await open("a");
  const b = await open("b");
  const recordOf = (owner: string) => ({
    key: "k",
    fingerprint: "f",
    owner,
    created_at: "2026-01-01T00:00:00.000Z",
  });
  const [theirs, ours] = [a.storage.forTenant("acme"), b.storage.forTenant("acme")];
  expect(await theirs.takeIdempotencyKey(recordOf("a"))).toBeNull();
  expect(await ours.takeIdempotencyKey(recordOf("b"))).toMatchObject({ owner: "a", answer: null });
  await a.cluster.leave();
  expect(await ours.takeIdempotencyKey(recordOf("b"))).toBeNull();
});

test("a node whose row is gone comes back and doubts itself", async () => {
  const a = await open("a");
  expect(a.doubted).toBe(0);
  await probe.query("delete from nodes");
  await expect.poll(() => a.doubted, POLL).toBe(1);
  expect(await nodeIds(a)).toEqual(["a"]);
});

test("running steps of nobody get a job when a node joins, and only one", async () => {
  const a = await open("a", { ...QUICK, sweepMs: 100 });
  await runBy(a.storage, "long gone", "w1");
  await runBy(a.storage, "a", "w2");
  await expect.poll(async () => (await probe.jobs()).map(({ workflow }) => workflow), POLL).toEqual(["w1"]);
  const [job] = await a.cluster.queue.take(10, 10);
  const { lease_until } = (await a.cluster.nodes())[0]!;
  const later = async () => (await a.cluster.nodes())[0]!.lease_until > lease_until;
  await expect.poll(later, POLL).toBe(true); // at least one sweep has passed
  expect(await probe.jobs()).toHaveLength(1);
  await a.cluster.queue.finish([job!]);
  // Its step still runs under nobody, so the next sweep asks again.
  await expect.poll(async () => (await probe.jobs()).length, POLL).toBe(1);
});

test("a workflow that has lost its job gets one again, unless it waits or somebody is at it", async () => {
  const a = await open("a");
  const old = { updated_at: "2026-01-01T00:00:00.000Z" };
  const head = aHead({ tenant_id: "acme", version: 2 });
  for (const [workflow_id, over] of Object.entries({
    lost: old,
    waiting: { ...old, status: "paused" as const },
    fresh: { updated_at: new Date().toISOString() },
  })) {
    const commit = aCommit({ workflow_id, steps: [], head: { ...head, id: workflow_id, ...over } });
    expect(await a.storage.forTenant("acme").commit(commit)).toEqual({ ok: true });
  }
  await wake(a.storage, "known", { at: "2999-01-01T00:00:00.000Z" });
  await probe.query("update workflows set updated_at = '2026-01-01' where id = 'known'");
  await open("b"); // who joins looks for what was lost
  await expect
    .poll(async () => (await probe.jobs()).map(({ workflow }) => workflow).toSorted(), POLL)
    .toEqual(["known", "lost"]);
});

test("what a node still has when it leaves goes to the others", async () => {
  const a = await open("a");
  const b = await open("b", { ...QUICK, dueMs: 3_600_000 });
  await runBy(a.storage, "a", "w1");
  await expect.poll(() => b.work, POLL).toBe(0);
  await a.cluster.leave();
  await expect.poll(() => b.work, POLL).toBeGreaterThan(0);
  expect((await b.cluster.queue.take(5, 5)).map(({ workflow_id }) => workflow_id)).toEqual(["w1"]);
});
