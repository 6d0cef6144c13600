/** A stored content, as the search for what nothing refers to any more sees it. */
export type BlobAge = {
  readonly hash: string;
  readonly size: number;
  /** When a commit last brought it, in milliseconds; null when it was stored by a version that did not keep this. */
  readonly touched_at: number | null;
};

/** Workflows that are closed and older than a time: their last change was before it. Times are RFC 3339 in UTC. */
export type Expired = { readonly before: string };

/** What keeping the store small needs, over all tenants. Every method is one short transaction or read. */
export interface Retention {
  /** True for one caller over all nodes: nobody gets this turn again before `until` (milliseconds). */
  takeTurn(name: string, now: number, until: number): Promise<boolean>;
  countExpired(expired: Expired): Promise<number>;
  /** Deletes expired workflows whole, the oldest first; resolves with their number. */
  deleteExpired(expired: Expired, limit: number): Promise<number>;
  countIdempotencyKeys(expired: Expired): Promise<number>;
  deleteIdempotencyKeys(expired: Expired): Promise<number>;
  /** Messages that were delivered or given up on before that time. */
  countMessages(settled: Expired): Promise<number>;
  deleteMessages(settled: Expired): Promise<number>;
  /** The tenant that has contents and follows `after`; null when there is none. */
  nextTenant(after: string): Promise<string | null>;
  /** Workflows created before that time, newest first, a page at a time; with `passOver` none that it would delete. */
  listOld(tenantId: string, expired: Expired, page: OldPage): Promise<readonly OldWorkflow[]>;
  /** All hashes that stand anywhere in what is stored of a workflow, and perhaps some that only look like one. */
  readReferences(tenantId: string, workflowId: string): Promise<ReadonlySet<string>>;
  /** A page of contents by hash. */
  listBlobs(tenantId: string, afterHash: string): Promise<readonly BlobAge[]>;
  /** Gives a time to those of these that have none. */
  dateBlobs(tenantId: string, hashes: readonly string[], touchedAt: number): Promise<void>;
  /** Deletes those of these that nobody has brought since; resolves with their number. */
  deleteBlobs(tenantId: string, hashes: readonly string[], touchedBefore: number): Promise<number>;
}

export type OldWorkflow = { readonly id: string; readonly created_at: string };
/** `after` is the last one of the page before. */
export type OldPage = { readonly after: OldWorkflow | null; readonly passOver: boolean };
