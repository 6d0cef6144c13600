import { randomUUID } from "node:crypto";

import type { Clock } from "../../ports/clock.ts";
import {
  refused,
  WINDOW_MS,
  type Claim,
  type ClaimResult,
  type Grant,
  type LimitStore,
} from "../../ports/limit-store.ts";
import type { Logger } from "../../ports/logger.ts";
import type { StorageError } from "../../ports/storage.ts";
import { CLAIM, CLOSE, CLOSED_MS, GIVE_BACK, RENEW, WHY_REFUSED } from "./limit-statements.ts";

/** What is used of a connection pool; the statements need no transaction around them. */
export type SqlClient = {
  query(text: string, values: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
};

export type PostgresLimitStoreParts = {
  readonly client: SqlClient;
  readonly toStorageError: (error: unknown) => StorageError;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly windowMs?: number;
  readonly leaseMs?: number;
};

const LEASE_MS = 15_000;

type UsedRow = {
  readonly closed_ms: number;
  readonly window_ms: number;
  readonly requests: number;
  readonly tokens: number;
};

/**
 * The count that all nodes share: one row a provider, changed by one statement that locks it, judged by the clock of the
 * database alone. A place is a lease in that row, renewed while its call lasts: it outlives a restart of PostgreSQL, and
 * those of a dead node end by themselves. A node that stands still for longer than a lease may have its calls in flight
 * beyond what is allowed.
 */
export class PostgresLimitStore implements LimitStore {
  readonly shared = true;
  readonly #parts: PostgresLimitStoreParts;
  readonly #windowMs: number;
  readonly #leaseMs: number;
  /** Ids of the places that are held, by provider. */
  readonly #held = new Map<string, Set<string>>();
  #renewing = false;

  constructor(parts: PostgresLimitStoreParts) {
    this.#parts = parts;
    this.#windowMs = parts.windowMs ?? WINDOW_MS;
    this.#leaseMs = parts.leaseMs ?? LEASE_MS;
  }

  async claim(claim: Claim): Promise<ClaimResult> {
    const { requests_per_minute: requests, tokens_per_minute: tokens, concurrency } = claim.limits;
    const id = randomUUID();
    if (requests === null && tokens === null && concurrency === null) {
      const [row] = await this.#query<{ ms: number }>(CLOSED_MS, [claim.provider]);
      return row === undefined
        ? { grant: { ...claim, id, window: null }, refusal: null }
        : refused("closed", row.ms);
    }
    const [taken] = await this.#query<{ window_ends: number }>(CLAIM, [
      claim.provider,
      claim.tokens,
      requests,
      tokens,
      concurrency,
      id,
      this.#windowMs,
      this.#leaseMs,
    ]);
    if (taken === undefined) return this.#whyRefused(claim);
    const grant = { ...claim, id, window: taken.window_ends };
    if (concurrency !== null) this.#hold(grant);
    return { grant, refusal: null };
  }

  async settle(grant: Grant, usedTokens: number | null): Promise<void> {
    this.#held.get(grant.provider)?.delete(grant.id);
    const more = usedTokens === null ? 0 : usedTokens - grant.tokens;
    const { concurrency, tokens_per_minute: limited } = grant.limits;
    if (concurrency === null && (limited === null || more === 0)) return;
    await this.#query(GIVE_BACK, [grant.provider, grant.id, grant.window, more, 0, this.#windowMs]);
  }

  async undo(grant: Grant): Promise<void> {
    this.#held.get(grant.provider)?.delete(grant.id);
    if (grant.window === null) return;
    const values = [grant.provider, grant.id, grant.window, -grant.tokens, -1, this.#windowMs];
    await this.#query(GIVE_BACK, values);
  }

  async close(provider: string, ms: number): Promise<void> {
    await this.#query(CLOSE, [provider, Math.ceil(ms)]);
  }

  async #whyRefused({ provider, tokens, limits }: Claim): Promise<ClaimResult> {
    const [used] = await this.#query<UsedRow>(WHY_REFUSED, [provider, this.#windowMs]);
    const { requests_per_minute: mostRequests, tokens_per_minute: mostTokens } = limits;
    if (used !== undefined && used.closed_ms > 0) return refused("closed", used.closed_ms);
    if (used !== undefined && used.window_ms > 0) {
      if (mostRequests !== null && used.requests >= mostRequests) return refused("requests", used.window_ms);
      if (mostTokens !== null && used.tokens + tokens > mostTokens) return refused("tokens", used.window_ms);
    }
    return refused("concurrency", null);
  }

  #hold({ provider, id }: Grant): void {
    const ids = this.#held.get(provider) ?? new Set();
    this.#held.set(provider, ids.add(id));
    if (this.#renewing) return;
    this.#renewing = true;
    this.#renewLater();
  }

  #renewLater(): void {
    this.#parts.clock.after(this.#leaseMs / 3, () => void this.#renewAll());
  }

  async #renewAll(): Promise<void> {
    const busy = [...this.#held].filter(([, ids]) => ids.size > 0);
    if (busy.length === 0) {
      this.#renewing = false;
      return;
    }
    await Promise.all(busy.map(([provider, ids]) => this.#renew(provider, ids)));
    this.#renewLater();
  }

  /** Never rejects: the next round tries again, and a place that was lost meanwhile is only told of. */
  async #renew(provider: string, ids: Set<string>): Promise<void> {
    const asked = [...ids];
    try {
      const [row] = await this.#query<{ kept: string[] }>(RENEW, [provider, asked, this.#leaseMs]);
      const lost = asked.filter((id) => ids.has(id) && row?.kept.includes(id) !== true);
      for (const id of lost) ids.delete(id);
      if (lost.length > 0) {
        const fields = { provider, calls: lost.length };
        this.#parts.logger.warn(fields, "places of model calls were given to others: this node was silent");
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#parts.logger.warn({ provider, reason }, "places of model calls could not be renewed");
    }
  }

  async #query<Row>(text: string, values: unknown[]): Promise<readonly Row[]> {
    try {
      return (await this.#parts.client.query(text, values)).rows as readonly Row[];
    } catch (error) {
      throw this.#parts.toStorageError(error);
    }
  }
}
