import pg from "pg";

import type { Cluster, WorkflowRef } from "../../../ports/cluster.ts";
import type { Storage } from "../../../ports/storage.ts";
import { openStorage } from "../../open-storage.ts";
import { aCommit, aStep } from "../../testsuite/a-commit.ts";
import { recordingLogger } from "../../testsuite/store-under-test.testsuite.ts";
import type { ClusterTiming } from "./cluster-timing.ts";

/** Short enough to wait for, long enough for two busy cores. */
export const QUICK: Partial<ClusterTiming> = { heartbeatMs: 200, lookMs: 50, settleMs: 1_000, dueMs: 100 };

export type NodeUnderTest = {
  readonly id: string;
  readonly storage: Storage;
  readonly cluster: Cluster;
  readonly logger: ReturnType<typeof recordingLogger>;
  readonly changed: (WorkflowRef & { version: number })[];
  work: number;
  doubted: number;
};

/** Opens the database as a node of its own and joins. */
export async function openNode(
  url: string,
  id: string,
  timing: Partial<ClusterTiming> = QUICK,
): Promise<NodeUnderTest> {
  const logger = recordingLogger();
  const storage = await openStorage(url, { logger, timing });
  const { cluster } = storage;
  if (cluster === null) throw new Error("a cluster needs PostgreSQL");
  const node: NodeUnderTest = { id, storage, cluster, logger, changed: [], work: 0, doubted: 0 };
  await cluster.join(
    { id, role: "all", version: "1.0.0" },
    {
      work: () => (node.work += 1),
      changed: (changes) => node.changed.push(...changes),
      doubted: () => (node.doubted += 1),
    },
  );
  return node;
}

/** Makes a workflow whose one step is run by `owner`. */
export async function runBy(storage: Storage, owner: string, workflow_id: string): Promise<void> {
  const result = await storage
    .forTenant("acme")
    .commit(aCommit({ workflow_id, steps: [aStep({ owner, started_at: null })] }));
  if (!result.ok) throw new Error(result.code);
}

type Wake = { readonly at?: string; readonly begun?: boolean };

/** Makes a workflow that wants a node. */
export async function wake(
  storage: Storage,
  workflow_id: string,
  { tenant_id = "acme", at, begun = false }: Wake & { tenant_id?: string } = {},
): Promise<void> {
  const commit = aCommit({ tenant_id, workflow_id, wake: { at: at ?? null, begun, here: false } });
  const result = await storage.forTenant(tenant_id).commit(commit);
  if (!result.ok) throw new Error(result.code);
}

export type JobRow = {
  readonly id: string;
  readonly state: string;
  readonly priority: number;
  readonly workflow: string;
  readonly node: string | null;
};

/** Asks the database past the storage. */
export class Probe {
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  static async open(url: string): Promise<Probe> {
    const client = new pg.Client({ connectionString: url, application_name: "probe" });
    client.on("error", () => undefined);
    await client.connect();
    return new Probe(client);
  }

  async query<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.#client.query<Row>(text, [...values])).rows;
  }

  jobs(): Promise<JobRow[]> {
    return this.query<JobRow>(
      `select id, state::text, priority, data ->> 'workflow_id' as workflow, data ->> 'node' as node
        from boss.job where name = 'workflows' order by 4, 1`,
    );
  }

  /** Every payload on the channel, in order. */
  async listen(channel: string): Promise<readonly string[]> {
    const payloads: string[] = [];
    this.#client.on("notification", (notice) => {
      if (notice.channel === channel) payloads.push(notice.payload ?? "");
    });
    await this.#client.query(`listen ${channel}`);
    return payloads;
  }

  /** Cuts every connection of ours, as a restart of PostgreSQL does. */
  async cutAll(): Promise<void> {
    await this.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'ts-orca'`,
    );
  }

  async close(): Promise<void> {
    await this.#client.end();
  }
}
