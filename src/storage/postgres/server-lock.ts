import { setTimeout as sleep } from "node:timers/promises";

import pg from "pg";

import type { Logger } from "../../ports/logger.ts";
import { StorageError } from "../../ports/storage.ts";
import { isConnectionFailure, postgresError } from "./postgres-error.ts";

// "orca" in ASCII; advisory locks are counted per database.
const LOCK_KEY = 0x6f726361;
/** How long a start waits for the server to notice that the process before it is dead. */
const PATIENCE_MS = 3_000;
const RETRY_MS = 100;
/** A host that vanished without a word gives the lock back after about 25 s. */
const KEEPALIVE =
  "set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3";

/** What `ServerLock` needs to know of the database. */
export type LockPlace = { readonly config: pg.ClientConfig; readonly place: string; readonly logger: Logger };

/**
 * The session lock by which one server owns a database, on a connection of its own. When that connection breaks,
 * the lock is gone: nothing may be written until it is taken again, and never again once another server has it.
 */
export class ServerLock {
  readonly #at: LockPlace;
  #client: pg.Client | null = null;
  #lost: StorageError | null = null;
  #released = false;

  constructor(at: LockPlace) {
    this.#at = at;
  }

  /** Rejects with a StorageError: unreachable, or locked by another server. */
  async take(): Promise<void> {
    const client = new pg.Client(this.#at.config);
    client.on("error", () => undefined); // said again by "end", which always follows
    try {
      await client.connect();
      await client.query(KEEPALIVE);
      await this.#lock(client);
    } catch (error) {
      await client.end().catch(() => undefined);
      throw postgresError(this.#at.place, error);
    }
    if (this.#released) {
      await client.end();
      return;
    }
    this.#client = client;
    this.#lost = null;
    client.on("end", () => this.#onEnd());
  }

  /** Throws a StorageError while another server may be the owner. */
  assertHeld(): void {
    if (this.#lost !== null) throw this.#lost;
  }

  async release(): Promise<void> {
    this.#released = true;
    await this.#client?.end().catch(() => undefined);
  }

  async #lock(client: pg.Client): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const { rows } = await client.query<{ taken: boolean }>("select pg_try_advisory_lock($1) as taken", [
        LOCK_KEY,
      ]);
      if (rows[0]?.taken === true) return;
      if (performance.now() >= deadline) throw this.#lockedElsewhere();
      await sleep(RETRY_MS);
    }
  }

  #lockedElsewhere(): StorageError {
    return new StorageError(
      "storage_locked",
      `PostgreSQL at ${this.#at.place}: another ts-orca server uses this database. Stop that server, or give this one a database of its own.`,
    );
  }

  #onEnd(): void {
    this.#client = null;
    if (this.#released) return;
    this.#lost = postgresError(this.#at.place, new Error("Connection terminated unexpectedly"));
    this.#at.logger.warn(
      { place: this.#at.place },
      "lost the connection to PostgreSQL; trying to get it back",
    );
    void this.#takeAgain();
  }

  async #takeAgain(): Promise<void> {
    while (!this.#released) {
      await sleep(RETRY_MS, undefined, { ref: false });
      try {
        await this.take();
        this.#at.logger.info({ place: this.#at.place }, "connected to PostgreSQL again");
        return;
      } catch (error) {
        this.#lost = postgresError(this.#at.place, error);
        if (isConnectionFailure(error) || this.#lost.code === "storage_unreachable") continue;
        this.#at.logger.error({ place: this.#at.place, code: this.#lost.code }, this.#lost.message);
        return;
      }
    }
  }
}
