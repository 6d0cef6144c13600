import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";

import { type FreshDatabase, freshDatabase } from "../../test/postgres/fresh-database.ts";
import {
  type NodeUnderTest,
  openNode,
  Probe,
  wake,
} from "../storage/postgres/cluster/node-under-test.testsuite.ts";
import { ClusterDispatcher } from "./cluster-dispatcher.ts";
import { keyOf } from "./dispatcher.ts";
import { ManualClock } from "./testing/manual-clock.testsuite.ts";

const POLL = { timeout: 15_000, interval: 10 };
const W1 = keyOf("acme", "w1");

let database: FreshDatabase;
let probe: Probe;
let node: NodeUnderTest;

beforeEach(async () => {
  database = await freshDatabase(inject("postgresUrl"));
  probe = await Probe.open(database.url);
  node = await openNode(database.url, "a");
});

afterEach(async () => {
  await node.storage.close();
  await probe.close();
  await database.drop();
});

describe("a job that silence took away and brought back", () => {
  async function takenTwice(): Promise<{ dispatcher: ClusterDispatcher; activated: readonly string[] }> {
    const activated: string[] = [];
    const dispatcher = new ClusterDispatcher({
      cluster: node.cluster,
      limits: { workflows: 2, perTenant: 2 },
      clock: new ManualClock(),
      logger: node.logger,
      activate: (key) => void activated.push(key),
    });
    await wake(node.storage, "w1");
    dispatcher.open();
    await expect.poll(() => activated, POLL).toEqual([W1]);
    // What pg-boss does with a job that nobody has touched for long.
    await probe.query("update boss.job set state = 'retry' where name = 'workflows'");
    dispatcher.wake();
    await expect.poll(() => activated, POLL).toEqual([W1, W1]);
    return { dispatcher, activated };
  }

  async function leave(dispatcher: ClusterDispatcher): Promise<void> {
    dispatcher.close();
    await dispatcher.drained();
    expect(await probe.jobs()).toMatchObject([{ state: "retry", workflow: "w1" }]);
  }

  test("is kept while the workflow is", async () => {
    const { dispatcher } = await takenTwice();
    await expect.poll(() => probe.jobs(), POLL).toMatchObject([{ state: "active", node: "a" }]);
    await leave(dispatcher);
  });

  test("is the one that is given back", async () => {
    const { dispatcher, activated } = await takenTwice();
    dispatcher.postpone(W1, 0);
    await expect.poll(() => activated, POLL).toEqual([W1, W1, W1]);
    await leave(dispatcher);
  });
});
