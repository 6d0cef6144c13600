import type { Clock } from "../ports/clock.ts";
import type { WorkflowRef } from "../ports/cluster.ts";
import type { Logger } from "../ports/logger.ts";
import type { Storage } from "../ports/storage.ts";
import { keyOf, partsOf } from "./dispatcher.ts";
import type { EventHub } from "./event-hub.ts";

/** How long news from another node may take when the announcement was lost. */
const ASK_EVERY_MS = 1_000;
/** Listeners that miss more than this read the store themselves. */
const PAGE = 200;

export type RemoteFeedParts = {
  readonly storage: Storage;
  readonly hub: EventHub;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The version a workflow has in this process's memory; null when it is not there. */
  readonly versionHere: (key: string) => number | null;
  readonly keysHere: () => Iterable<string>;
  /** Has the workflow in memory read what it misses; what it reads is published by that. */
  readonly refresh: (key: string) => void;
};

/** Brings what other nodes commit to the listeners and to the workflows in memory of this one. */
export class RemoteFeed {
  readonly #parts: RemoteFeedParts;
  readonly #wanted = new Map<string, number>();
  readonly #reading = new Set<string>();
  #cancel: (() => void) | null = null;
  #stopped = false;

  constructor(parts: RemoteFeedParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#askLater();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  changed(changes: readonly (WorkflowRef & { readonly version: number })[]): void {
    const { versionHere, refresh, hub } = this.#parts;
    for (const { tenant_id, workflow_id, version } of changes) {
      const key = keyOf(tenant_id, workflow_id);
      const here = versionHere(key);
      if (here !== null) {
        if (here < version) refresh(key);
      } else if ((hub.told(key) ?? version) < version) this.#read(key, version);
    }
  }

  #read(key: string, version: number): void {
    this.#wanted.set(key, Math.max(version, this.#wanted.get(key) ?? 0));
    if (this.#reading.has(key)) return;
    this.#reading.add(key);
    this.#readWanted(key)
      .catch((error: unknown) => {
        this.#parts.logger.warn({ key, error }, "news of another node could not be read; asking again");
      })
      .finally(() => {
        this.#wanted.delete(key);
        this.#reading.delete(key);
      });
  }

  async #readWanted(key: string): Promise<void> {
    const { hub, storage } = this.#parts;
    const { tenant_id, workflow_id } = partsOf(key);
    for (;;) {
      const wanted = this.#wanted.get(key) ?? 0;
      const told = hub.told(key);
      if (told === null || told >= wanted) return;
      const after = Math.max(told, wanted - PAGE);
      const events = await storage.forTenant(tenant_id).readEvents(workflow_id, { after, limit: 2 * PAGE });
      if (events.length === 0) return;
      hub.publish(key, workflow_id, events);
    }
  }

  #askLater(): void {
    if (this.#stopped) return;
    this.#cancel = this.#parts.clock.after(ASK_EVERY_MS, () => {
      this.#ask()
        .catch((error: unknown) =>
          this.#parts.logger.warn({ error }, "the store could not be asked for news"),
        )
        .finally(() => this.#askLater());
    });
  }

  async #ask(): Promise<void> {
    const { hub, storage, keysHere } = this.#parts;
    const watched = [...new Set([...hub.keys(), ...keysHere()])].map(partsOf);
    if (watched.length > 0) this.changed(await storage.system.versionsOf(watched));
  }
}
