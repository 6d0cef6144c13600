import { afterEach, beforeEach, expect, inject, test } from "vitest";

import { type FreshDatabase, freshDatabase } from "../../../../test/postgres/fresh-database.ts";
import { aCommit } from "../../testsuite/a-commit.ts";
import { FEED_CHANNEL, unpackChanges } from "./feed.ts";
import { type NodeUnderTest, openNode, Probe, QUICK } from "./node-under-test.testsuite.ts";

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

async function open(id: string): Promise<NodeUnderTest> {
  const node = await openNode(database.url, id, QUICK);
  nodes.push(node);
  return node;
}

const POLL = { timeout: 10_000, interval: 5 };

test("the other nodes hear what was committed, and who committed does not", async () => {
  const a = await open("a");
  const b = await open("b");
  const c = await open("c");
  const tenant = a.storage.forTenant("acme");
  expect(await tenant.commit(aCommit())).toEqual({ ok: true });
  const change = { tenant_id: "acme", workflow_id: "w1", version: 1 };
  for (const other of [b, c]) await expect.poll(() => other.changed, POLL).toEqual([change]);
  expect(await tenant.commit(aCommit())).toMatchObject({ ok: false });
  expect(await tenant.commit(aCommit({ expected_version: 1 }))).toEqual({ ok: true });
  await expect.poll(() => b.changed, POLL).toEqual([change, { ...change, version: 2 }]);
  expect(a.changed).toEqual([]);
});

test("a burst becomes few notices, and of each workflow the newest version is among them", async () => {
  const a = await open("a");
  const b = await open("b");
  const payloads = await probe.listen(FEED_CHANNEL);
  const tenant = a.storage.forTenant("acme");
  const ids = Array.from({ length: 200 }, (_, index) => `workflow-with-a-rather-long-name-${index}`);
  for (let version = 0; version < 4; version += 1) {
    await Promise.all(
      ids.map((workflow_id) => tenant.commit(aCommit({ workflow_id, expected_version: version }))),
    );
  }
  const newest = () => new Map(b.changed.map(({ workflow_id, version }) => [workflow_id, version]));
  await expect.poll(() => ids.every((workflow_id) => newest().get(workflow_id) === 4), POLL).toBe(true);
  await expect.poll(() => payloads.flatMap(unpackChanges).length, POLL).toBe(b.changed.length);
  expect(payloads.length).toBeLessThan(40);
  for (const payload of payloads) expect(Buffer.byteLength(payload)).toBeLessThan(8_000);
});

test("a node that is alone tells nobody", async () => {
  const a = await open("a");
  const b = await open("b");
  await b.cluster.leave();
  const payloads = await probe.listen(FEED_CHANNEL);
  const tenant = a.storage.forTenant("acme");
  let version = 0;
  const commit = async () => {
    const result = await tenant.commit(aCommit({ expected_version: version }));
    expect(result).toEqual({ ok: true });
    version += 1;
  };
  // Until its next look it may still believe in the other one, and what it said comes late on a busy machine.
  let quiet = 0;
  await expect
    .poll(async () => {
      const before = payloads.length;
      await commit();
      await probe.query("select 1");
      quiet = payloads.length === before ? quiet + 1 : 0;
      return quiet;
    }, POLL)
    .toBeGreaterThan(5);
  const before = payloads.length;
  for (let count = 0; count < 20; count += 1) await commit();
  await probe.query("select 1");
  expect(payloads.length).toBe(before);
  await open("c");
  await expect
    .poll(async () => {
      await commit();
      return payloads.length;
    }, POLL)
    .toBeGreaterThan(before);
});

test("a notice that nobody of ours wrote does no harm", async () => {
  const a = await open("a");
  const b = await open("b");
  await probe.query("select pg_notify($1, 'not ours')", [FEED_CHANNEL]);
  await b.logger.heard("could not be read");
  await a.storage.forTenant("acme").commit(aCommit());
  await expect.poll(() => b.changed.length, POLL).toBe(1);
});
