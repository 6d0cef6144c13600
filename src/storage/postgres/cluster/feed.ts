import type { WorkflowRef } from "../../../ports/cluster.ts";
import type { Logger } from "../../../ports/logger.ts";
import type { ClusterConnection, Notice } from "./cluster-connection.ts";

export const FEED_CHANNEL = "orca_feed";
export const WORK_CHANNEL = "orca_work";

export type Change = WorkflowRef & { readonly version: number };

/** PostgreSQL takes 7,999 bytes in one notice. */
const FULL_AT = 7_900;
const NOTIFY =
  "select pg_notify(channel, payload) from unnest($1::text[], $2::text[]) as n(channel, payload)";

type Written = readonly [tenantId: string, workflowId: string, version: number];

/**
 * Tells the other nodes what changed and that there is work: one statement at a time, outside of any commit, and of
 * each workflow only the newest version. What can't be said now is dropped.
 */
export class Feed {
  /** Nobody is there to be told. */
  alone = true;
  readonly #connection: ClusterConnection;
  readonly #logger: Logger;
  readonly #changes = new Map<string, Change>();
  #work = false;
  #flying = false;

  constructor(connection: ClusterConnection, logger: Logger) {
    this.#connection = connection;
    this.#logger = logger;
  }

  announce(changes: readonly Change[]): void {
    if (this.alone || changes.length === 0) return;
    for (const change of changes) {
      const key = `${change.tenant_id} ${change.workflow_id}`;
      const known = this.#changes.get(key);
      if (known === undefined || known.version < change.version) this.#changes.set(key, change);
    }
    this.#send();
  }

  announceWork(): void {
    if (this.alone) return;
    this.#work = true;
    this.#send();
  }

  /** As `announceWork`, for those who must know that it was said. */
  async sayWork(): Promise<void> {
    if (!this.alone) await this.#connection.query(NOTIFY, [[WORK_CHANNEL], [""]]);
  }

  #send(): void {
    if (this.#flying) return;
    this.#flying = true;
    void this.#fly();
  }

  async #fly(): Promise<void> {
    // What the same turn of the loop still brings goes along.
    await Promise.resolve();
    while (this.#work || this.#changes.size > 0) {
      const notices = this.#takeNotices();
      try {
        const columns = [notices.map(({ channel }) => channel), notices.map(({ payload }) => payload)];
        await this.#connection.query(NOTIFY, columns);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.#logger.debug({ reason }, "other nodes could not be told what changed; they will ask");
      }
    }
    this.#flying = false;
  }

  #takeNotices(): Notice[] {
    const notices = packChanges([...this.#changes.values()]).map((payload) => ({
      channel: FEED_CHANNEL,
      payload,
    }));
    if (this.#work) notices.push({ channel: WORK_CHANNEL, payload: "" });
    this.#changes.clear();
    this.#work = false;
    return notices;
  }
}

/** As few payloads as the limit of PostgreSQL allows. A change that is too long for one is left out. */
export function packChanges(changes: readonly Change[]): string[] {
  const payloads: string[] = [];
  let open: string[] = [];
  let size = 2;
  for (const { tenant_id, workflow_id, version } of changes) {
    const entry = JSON.stringify([tenant_id, workflow_id, version] satisfies Written);
    const length = Buffer.byteLength(entry) + 1;
    if (length + 2 > FULL_AT) continue;
    if (size + length > FULL_AT) {
      payloads.push(`[${open.join(",")}]`);
      open = [];
      size = 2;
    }
    open.push(entry);
    size += length;
  }
  if (open.length > 0) payloads.push(`[${open.join(",")}]`);
  return payloads;
}

/** Throws when the payload was not made by `packChanges`. */
export function unpackChanges(payload: string): Change[] {
  const written = JSON.parse(payload) as Written[];
  return written.map(([tenant_id, workflow_id, version]) => ({ tenant_id, workflow_id, version }));
}
