import type { Expired, OldWorkflow, Retention } from "../ports/retention.ts";

export type PruneOptions = {
  readonly now: Date;
  /** Days after which closed workflows go; null keeps them all. */
  readonly workflowsDays: number | null;
  /** Only counts what would go. */
  readonly dryRun: boolean;
  /** Whether contents that nothing refers to any more go too: that reads all their hashes. */
  readonly sweepBlobs: boolean;
  /** Ends the work after the step at hand; what is left waits for the next time. */
  readonly signal: AbortSignal;
  /** Rests between two steps, given how long the last one took. */
  readonly rest: (workedMs: number) => Promise<void>;
};

export type Pruned = {
  readonly workflows: number;
  readonly idempotency_keys: number;
  /** Messages to webhooks that were delivered or given up on. */
  readonly messages: number;
  readonly blobs: number;
  readonly blob_bytes: number;
};

const DAY_MS = 86_400_000;
const WORKFLOWS_AT_ONCE = 10;
const KEYS_LIVE_MS = DAY_MS;
const MESSAGES_LIVE_MS = 30 * DAY_MS;
/**
 * How far the time of a blob may lie behind its last use: 12 hours by the rules of `KnownBlobs`, and as much again for
 * clocks of nodes that differ.
 */
const BLOB_LEEWAY_MS = DAY_MS;

/** Deletes closed workflows past their time, contents that nothing refers to any more, old idempotency keys and messages. */
export async function prune(retention: Retention, options: PruneOptions): Promise<Pruned> {
  const { now, workflowsDays, dryRun, sweepBlobs } = options;
  const oldKeys: Expired = { before: new Date(now.getTime() - KEYS_LIVE_MS).toISOString() };
  const idempotency_keys = dryRun
    ? await retention.countIdempotencyKeys(oldKeys)
    : await retention.deleteIdempotencyKeys(oldKeys);
  const settled: Expired = { before: new Date(now.getTime() - MESSAGES_LIVE_MS).toISOString() };
  const messages = dryRun ? await retention.countMessages(settled) : await retention.deleteMessages(settled);
  const small = { idempotency_keys, messages };
  if (workflowsDays === null) return { workflows: 0, ...small, blobs: 0, blob_bytes: 0 };
  const expired: Expired = { before: new Date(now.getTime() - workflowsDays * DAY_MS).toISOString() };
  const workflows = dryRun
    ? await retention.countExpired(expired)
    : await deleteWorkflows(retention, expired, options);
  const swept = sweepBlobs ? await sweep(retention, expired, options) : { blobs: 0, blob_bytes: 0 };
  return { workflows, ...small, ...swept };
}

async function deleteWorkflows(
  retention: Retention,
  expired: Expired,
  { signal, rest }: PruneOptions,
): Promise<number> {
  for (let deleted = 0; ;) {
    if (signal.aborted) return deleted;
    const started = performance.now();
    const some = await retention.deleteExpired(expired, WORKFLOWS_AT_ONCE);
    deleted += some;
    if (some === 0) return deleted;
    await rest(performance.now() - started);
  }
}

type Swept = Pick<Pruned, "blobs" | "blob_bytes">;

/**
 * A commit that refers to a content brings it along, which moves the content's time on. So a content older than the
 * creation of every workflow but some is referred to by those at most, and only they need to be read: the few that
 * are older than the limit and still there.
 */
async function sweep(retention: Retention, expired: Expired, options: PruneOptions): Promise<Swept> {
  const swept = { blobs: 0, blob_bytes: 0 };
  let tenant = await retention.nextTenant("");
  while (tenant !== null) {
    const kept = await references(retention, { tenant, expired }, options);
    if (kept === null) return swept;
    const some = await sweepTenant(retention, { tenant, expired, kept }, options);
    swept.blobs += some.blobs;
    swept.blob_bytes += some.blob_bytes;
    tenant = await retention.nextTenant(tenant);
  }
  return swept;
}

type Place = { readonly tenant: string; readonly expired: Expired };

/** What the old workflows refer to that stay; null when told to end before all of them were read. */
async function references(
  retention: Retention,
  { tenant, expired }: Place,
  { dryRun, signal, rest }: PruneOptions,
): Promise<ReadonlySet<string> | null> {
  const kept = new Set<string>();
  let after: OldWorkflow | null = null;
  for (;;) {
    // Those past their time that still stand are being resumed: they count, unless nothing was deleted yet.
    const page: readonly OldWorkflow[] = await retention.listOld(tenant, expired, {
      after,
      passOver: dryRun,
    });
    for (const { id } of page) {
      if (signal.aborted) return null;
      const started = performance.now();
      for (const hash of await retention.readReferences(tenant, id)) kept.add(hash);
      await rest(performance.now() - started);
    }
    after = page.at(-1) ?? null;
    if (after === null) return kept;
  }
}

async function sweepTenant(
  retention: Retention,
  { tenant, expired, kept }: Place & { readonly kept: ReadonlySet<string> },
  { now, dryRun, signal, rest }: PruneOptions,
): Promise<Swept> {
  const touchedBefore = Date.parse(expired.before) - BLOB_LEEWAY_MS;
  const swept = { blobs: 0, blob_bytes: 0 };
  for (let after = ""; !signal.aborted;) {
    const started = performance.now();
    const page = await retention.listBlobs(tenant, after);
    const last = page.at(-1);
    if (last === undefined) return swept;
    after = last.hash;
    const undated = page.filter(({ touched_at }) => touched_at === null).map(({ hash }) => hash);
    if (undated.length > 0 && !dryRun) await retention.dateBlobs(tenant, undated, now.getTime());
    const doomed = page.filter(
      ({ hash, touched_at }) => touched_at !== null && touched_at < touchedBefore && !kept.has(hash),
    );
    if (doomed.length > 0) {
      const hashes = doomed.map(({ hash }) => hash);
      swept.blobs += dryRun ? doomed.length : await retention.deleteBlobs(tenant, hashes, touchedBefore);
      swept.blob_bytes += doomed.reduce((sum, { size }) => sum + size, 0);
    }
    await rest(performance.now() - started);
  }
  return swept;
}
