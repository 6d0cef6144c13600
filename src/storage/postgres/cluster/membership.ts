import type { NodeView } from "../../../ports/cluster.ts";
import type { Logger } from "../../../ports/logger.ts";
import { isConnectionFailure } from "../postgres-error.ts";
import type { ClusterConnection, Query } from "./cluster-connection.ts";
import type { ClusterTiming } from "./cluster-timing.ts";
import { DUE, LOOK, RENEW, type Renewed, type SeenNode } from "./node-queries.ts";

export type MembershipOptions = {
  readonly timing: ClusterTiming;
  readonly logger: Logger;
  /** Resolves to false when another node was faster. */
  readonly takeOver: (node: SeenNode) => Promise<boolean>;
  readonly sweep: () => Promise<void>;
  readonly onAlone: (alone: boolean) => void;
  readonly onDue: () => void;
  readonly onDoubted: () => void;
};

/** Keeps this node's lease and finds the nodes that have died. */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #connection: ClusterConnection;
  readonly #node: Pick<NodeView, "id" | "role" | "version">;
  /** Nodes whose lock was missing at the last look, with the lock that was looked for. */
  #suspects = new Map<string, number>();
  #lockKey = 0;
  #renewedAt = 0;
  #lookedForDueAt = -Infinity;
  #sweptAt = -Infinity;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  #stopped = false;

  constructor(
    node: Pick<NodeView, "id" | "role" | "version">,
    connection: ClusterConnection,
    options: MembershipOptions,
  ) {
    this.#node = node;
    this.#connection = connection;
    this.#options = options;
  }

  /** What a new connection does first: makes this node's row name the lock that it holds. */
  async register(query: Query, lockKey: number): Promise<void> {
    this.#lockKey = lockKey;
    await this.#renew(query);
    this.#suspects.clear();
  }

  start(): void {
    this.#lookLater(0);
  }

  /** The connection was lost and is there again; meanwhile others may have taken this node for dead. */
  back(): void {
    this.#doubt("this node's connection was lost");
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#looking;
  }

  #lookLater(delayMs: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#looking = this.#tick();
    }, delayMs).unref();
  }

  /** Never rejects: what fails now is tried again at the next look. */
  async #tick(): Promise<void> {
    const { lookMs, heartbeatMs, leaseMs } = this.#options.timing;
    const silentMs = performance.now() - this.#renewedAt;
    try {
      if (this.#connection.connected) {
        // After a long stop of the whole process this is the first that runs.
        const overslept = silentMs > leaseMs;
        if (overslept) this.#doubt("this node was silent for longer than its lease");
        if (overslept) await this.#renew();
        else if (silentMs >= heartbeatMs - lookMs / 2) await this.#renewOnTime();
        await this.#look();
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const level = isConnectionFailure(error) ? "debug" : "warn";
      this.#options.logger[level]({ reason }, "could not look for other nodes; trying again");
    }
    if (!this.#stopped) this.#lookLater(lookMs);
  }

  async #renewOnTime(): Promise<void> {
    if (await this.#renew()) this.#doubt("this node had been declared dead");
  }

  /** Answers whether the row had to be made anew. */
  async #renew(query: Query = (text, values) => this.#connection.query(text, values)): Promise<boolean> {
    const { id, role, version } = this.#node;
    const at = performance.now();
    const [row] = await query<Renewed>(RENEW, [
      id,
      role,
      version,
      this.#lockKey,
      this.#options.timing.leaseMs,
    ]);
    this.#renewedAt = at;
    return row?.fresh ?? true;
  }

  async #look(): Promise<void> {
    const { settleMs, dueMs, sweepMs } = this.#options.timing;
    const nodes = await this.#connection.query<SeenNode>(LOOK, [settleMs]);
    const others = nodes.filter(({ id }) => id !== this.#node.id);
    if (others.length === nodes.length) await this.#renewOnTime();
    for (const node of this.#dead(others)) await this.#bury(node);
    this.#options.onAlone(others.length === 0);
    const now = performance.now();
    if (now - this.#lookedForDueAt >= dueMs) {
      this.#lookedForDueAt = now;
      const [row] = await this.#connection.query<{ due: boolean }>(DUE);
      if (row?.due === true) this.#options.onDue();
    }
    if (now - this.#sweptAt >= sweepMs) {
      await this.#options.sweep();
      this.#sweptAt = now;
    }
  }

  /**
   * A lock counts as missing when two looks in a row miss it, and a lease as lapsed when there was somebody to renew it
   * with: after an outage everybody gets the time to come back.
   */
  #dead(others: readonly SeenNode[]): readonly SeenNode[] {
    const { settleMs } = this.#options.timing;
    const missing = others.filter(
      ({ locked, settled }) => !locked && settled && this.#connection.msSinceBack > settleMs,
    );
    const before = this.#suspects;
    this.#suspects = new Map(missing.map(({ id, lock_key }) => [id, lock_key]));
    const outage = this.#connection.msSinceBack <= settleMs;
    const lapsed = (node: SeenNode): boolean => node.lapsed && node.settled && !outage;
    return others.filter((node) => lapsed(node) || isSuspected(node, before, this.#suspects));
  }

  async #bury(node: SeenNode): Promise<void> {
    if (!(await this.#options.takeOver(node))) return;
    const cause = node.lapsed ? "its lease ran out" : "its connection is gone";
    this.#options.logger.warn({ node: node.id, cause }, "a node died; its workflows go to the others");
  }

  #doubt(cause: string): void {
    this.#options.logger.warn({ node: this.#node.id, cause }, "its steps may have been given to other nodes");
    this.#options.onDoubted();
  }
}

function isSuspected({ id, lock_key }: SeenNode, ...looks: readonly ReadonlyMap<string, number>[]): boolean {
  return looks.every((look) => look.get(id) === lock_key);
}
