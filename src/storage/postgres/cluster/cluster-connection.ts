import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import pg from "pg";

import type { Logger } from "../../../ports/logger.ts";
import type { StorageError } from "../../../ports/storage.ts";
import { getTypeParser } from "../pools.ts";
import { isConnectionFailure, postgresError } from "../postgres-error.ts";

/** The first half of the advisory locks by which nodes show that they live; the second half is the lock key. */
export const NODE_LOCKS = 4242;
const HIGHEST_KEY = 2 ** 31 - 1;
const QUERY_TIMEOUT_MS = 3_000;
// What is written here is worth no wait for the disk. A host that vanished without a word is noticed after 25 s.
const SESSION = `set synchronous_commit = off;
  set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3`;

export type Notice = { readonly channel: string; readonly payload: string };

export type Query = <Row extends pg.QueryResultRow>(
  text: string,
  values: readonly unknown[],
) => Promise<Row[]>;

export type ClusterConnectionOptions = {
  readonly config: pg.ClientConfig;
  readonly place: string;
  readonly logger: Logger;
  readonly channels: readonly string[];
  readonly reconnectMs: number;
  /** Runs on every new connection before anybody else may use it; `lockKey` is the lock that it holds. */
  readonly onConnected: (query: Query, lockKey: number) => Promise<void>;
  /** A connection that was lost is there again, and `onConnected` is done. */
  readonly onBack: () => void;
  readonly onNotice: (notice: Notice) => void;
};

/**
 * The one connection by which a node is a node: it holds the node's lock, hears the others and speaks to them. It
 * comes back by itself, each time with a new lock, so that it never waits for its own dead predecessor.
 */
export class ClusterConnection {
  readonly #options: ClusterConnectionOptions;
  #client: pg.Client | null = null;
  #closed = false;
  #failure: StorageError | null = null;
  #connectedAt = 0;
  #losses = 0;

  constructor(options: ClusterConnectionOptions) {
    this.#options = options;
  }

  /** Why PostgreSQL can't be reached; null while it can, or while nobody has tried since the connection was lost. */
  get failure(): StorageError | null {
    return this.#failure;
  }

  get connected(): boolean {
    return this.#client !== null;
  }

  /** How long ago a lost connection came back; infinite when it never was lost. */
  get msSinceBack(): number {
    return this.#losses === 0 ? Infinity : performance.now() - this.#connectedAt;
  }

  /** Rejects with a StorageError. */
  async open(): Promise<void> {
    try {
      await this.#connect();
    } catch (error) {
      throw postgresError(this.#options.place, error);
    }
  }

  /** Rejects at once while the connection is away, and with what PostgreSQL or the driver says else. */
  async query<Row extends pg.QueryResultRow>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const client = this.#client;
    if (client === null) throw new Error("Connection terminated");
    return ask<Row>(client, text, values);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const client = this.#client;
    this.#client = null;
    await client?.end();
  }

  async #connect(): Promise<void> {
    const { config, channels, onConnected, onNotice } = this.#options;
    const client = new pg.Client({
      ...config,
      query_timeout: QUERY_TIMEOUT_MS,
      types: { getTypeParser },
    });
    client.on("error", () => undefined); // said again by "end", which always follows
    let ended = false;
    client.on("end", () => {
      ended = true;
      this.#onEnd(client);
    });
    const lockKey = randomInt(1, HIGHEST_KEY);
    try {
      await client.connect();
      const [own] = await ask<{ pid: number }>(client, "select pg_backend_pid() as pid", []);
      client.on("notification", ({ channel, payload = "", processId }) => {
        if (processId !== own?.pid) onNotice({ channel, payload });
      });
      const listens = channels.map((channel) => `; listen ${channel}`).join("");
      await client.query(`${SESSION}; select pg_advisory_lock(${NODE_LOCKS}, ${lockKey})${listens}`);
      await onConnected((text, values) => ask(client, text, values), lockKey);
      if (ended) throw new Error("Connection terminated");
    } catch (error) {
      endQuietly(client);
      throw error;
    }
    if (this.#closed) return endQuietly(client);
    this.#client = client;
    this.#failure = null;
    this.#connectedAt = performance.now();
  }

  #onEnd(client: pg.Client): void {
    if (this.#closed || this.#client !== client) return;
    this.#client = null;
    this.#losses += 1;
    this.#options.logger.warn(
      { place: this.#options.place },
      "lost the connection to PostgreSQL; trying to get it back",
    );
    void this.#comeBack();
  }

  async #comeBack(): Promise<void> {
    const { place, logger, reconnectMs, onBack } = this.#options;
    let told = "";
    while (!this.#closed) {
      try {
        await this.#connect();
      } catch (error) {
        const failure = postgresError(place, error);
        this.#failure = failure;
        if (failure.code !== "storage_unreachable" && failure.message !== told) {
          logger.error({ place, code: failure.code }, failure.message);
          told = failure.message;
        }
        await sleep(reconnectMs, undefined, { ref: false });
        continue;
      }
      if (!this.connected) return;
      logger.info({ place }, "connected to PostgreSQL again");
      onBack();
      return;
    }
  }
}

/** A connection that does not answer any more is closed, so that it is replaced. */
async function ask<Row extends pg.QueryResultRow>(
  client: pg.Client,
  text: string,
  values: readonly unknown[],
): Promise<Row[]> {
  try {
    return (await client.query<Row>(text, [...values])).rows;
  } catch (error) {
    if (isConnectionFailure(error)) endQuietly(client);
    throw error;
  }
}

/** For connections that have failed already: how they end is of no interest, and some never say that they did. */
function endQuietly(client: pg.Client): void {
  client.end().catch(() => undefined);
}
