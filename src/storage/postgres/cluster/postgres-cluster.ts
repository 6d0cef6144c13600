import type pg from "pg";
import type { PgBoss } from "pg-boss";

import type { Cluster, ClusterListeners, NodeView, WorkQueue } from "../../../ports/cluster.ts";
import type { Logger } from "../../../ports/logger.ts";
import { StorageError } from "../../../ports/storage.ts";
import { insertJobs, makeBoss, type Wake } from "./boss.ts";
import { ClusterConnection, type Notice } from "./cluster-connection.ts";
import type { ClusterTiming } from "./cluster-timing.ts";
import { type Change, Feed, FEED_CHANNEL, unpackChanges, WORK_CHANNEL } from "./feed.ts";
import { Membership } from "./membership.ts";
import { LIVING, type NodeRow, NODES } from "./node-queries.ts";
import { removeNode, sweepOrphans, takeOver } from "./take-over.ts";
import { PgBossQueue } from "./work-queue.ts";

export type PostgresClusterParts = {
  readonly config: pg.ClientConfig;
  readonly pool: pg.Pool;
  readonly place: string;
  readonly timing: ClusterTiming;
  readonly logger: Logger;
  readonly toStorageError: (error: unknown) => StorageError;
};

type Joined = {
  readonly id: string;
  readonly listeners: ClusterListeners;
  readonly connection: ClusterConnection;
  readonly feed: Feed;
  readonly membership: Membership;
};

/** The nodes of one database, and this process among them once it has joined. */
export class PostgresCluster implements Cluster {
  readonly queue: WorkQueue;
  readonly #parts: PostgresClusterParts;
  readonly #boss: PgBoss;
  readonly #jobs: PgBossQueue;
  #joined: Joined | null = null;
  #workTold = false;

  constructor(parts: PostgresClusterParts) {
    this.#parts = parts;
    this.#boss = makeBoss(parts.pool, parts);
    this.#jobs = new PgBossQueue({ ...parts, boss: this.#boss, onWork: () => this.#announceWork() });
    this.queue = this.#jobs;
  }

  /** Why PostgreSQL can't be reached, as far as this node knows. */
  get failure(): StorageError | null {
    return this.#joined?.connection.failure ?? null;
  }

  async join(node: Pick<NodeView, "id" | "role" | "version">, listeners: ClusterListeners): Promise<void> {
    if (this.#joined !== null) {
      throw new StorageError(
        "storage_failed",
        `This process is node ${this.#joined.id} already. This is a defect: please report it.`,
      );
    }
    const joined = this.#assemble(node, listeners);
    this.#joined = joined;
    try {
      await joined.connection.open();
      await this.#boss.start();
    } catch (error) {
      this.#joined = null;
      await joined.connection.close();
      throw this.#parts.toStorageError(error);
    }
    this.#jobs.start(node.id);
    joined.membership.start();
    // So that the others know at once that they are not alone.
    joined.feed.alone = false;
    joined.feed.announceWork();
  }

  async deadOf(owners: readonly string[]): Promise<ReadonlySet<string>> {
    const dead = new Set(owners);
    if (dead.size === 0) return dead;
    for (const { id } of await this.#ask<{ id: string }>(LIVING, [[...dead]])) dead.delete(id);
    return dead;
  }

  async nodes(): Promise<readonly NodeView[]> {
    const rows = await this.#ask<NodeRow>(NODES);
    return rows.map(({ id, role, version, started_at, lease_until }) => ({
      id,
      role,
      version,
      started_at: new Date(started_at).toISOString(),
      lease_until: new Date(lease_until).toISOString(),
    }));
  }

  async leave(): Promise<void> {
    const joined = this.#joined;
    if (joined === null) return;
    this.#joined = null;
    await joined.membership.stop();
    this.#jobs.stop();
    await this.#boss.stop({ graceful: false });
    try {
      // What it still had is as good as a dead node's.
      const left = await removeNode({ ...this.#parts, boss: this.#boss }, joined.id);
      if (left > 0) await joined.feed.sayWork();
    } catch (error) {
      const { message } = this.#parts.toStorageError(error);
      this.#parts.logger.warn({ reason: message }, "could not sign off; the other nodes will notice");
    } finally {
      await joined.connection.close();
    }
  }

  /** Puts the jobs in with whatever transaction `client` is in. */
  enqueue(client: pg.ClientBase, wakes: readonly Wake[]): Promise<void> {
    return insertJobs(this.#boss, client, { wakes, timing: this.#parts.timing });
  }

  /** What this process has just committed; `work` when some of it was put into the queue. */
  committed(changes: readonly Change[], work: boolean): void {
    this.#joined?.feed.announce(changes);
    if (work) this.#announceWork();
  }

  #assemble(node: Pick<NodeView, "id" | "role" | "version">, listeners: ClusterListeners): Joined {
    const { config, place, timing, logger } = this.#parts;
    const connection: ClusterConnection = new ClusterConnection({
      config,
      place,
      logger,
      channels: [FEED_CHANNEL, WORK_CHANNEL],
      reconnectMs: timing.reconnectMs,
      onConnected: (query, lockKey) => membership.register(query, lockKey),
      onBack: () => membership.back(),
      onNotice: (notice) => this.#onNotice(notice),
    });
    const feed = new Feed(connection, logger);
    const parts = { ...this.#parts, boss: this.#boss };
    const membership: Membership = new Membership(node, connection, {
      timing,
      logger,
      takeOver: async (dead) => {
        const jobs = await takeOver(parts, dead);
        if (jobs !== null && jobs > 0) this.#announceWork();
        return jobs !== null;
      },
      sweep: async () => {
        if ((await sweepOrphans(parts)) > 0) this.#announceWork();
      },
      onAlone: (alone) => (feed.alone = alone),
      onDue: () => this.#tellOfWork(),
      onDoubted: () => listeners.doubted(),
    });
    return { id: node.id, listeners, connection, feed, membership };
  }

  #onNotice({ channel, payload }: Notice): void {
    const joined = this.#joined;
    if (joined === null) return;
    joined.feed.alone = false;
    if (channel === WORK_CHANNEL) {
      this.#tellOfWork();
      return;
    }
    try {
      joined.listeners.changed(unpackChanges(payload));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#parts.logger.warn({ reason }, "a notice of another node could not be read");
    }
  }

  #announceWork(): void {
    this.#joined?.feed.announceWork();
    this.#tellOfWork();
  }

  /** Once a turn of the loop, and never from inside the call that made the work. */
  #tellOfWork(): void {
    if (this.#workTold) return;
    this.#workTold = true;
    setImmediate(() => {
      this.#workTold = false;
      this.#joined?.listeners.work();
    });
  }

  async #ask<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    try {
      return (await this.#parts.pool.query<Row>(text, [...values])).rows;
    } catch (error) {
      throw this.#parts.toStorageError(error);
    }
  }
}
