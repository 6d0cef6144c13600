import type {
  Commit,
  CommitResult,
  ModelCallRow,
  PartRow,
  StepRow,
  ToolCallRow,
} from "../core/workflow/commit.ts";
import type { WorkflowEvent } from "../core/workflow/events.ts";
import type { WorkflowHead, WorkflowStatus } from "../core/workflow/state.ts";
import type { Clock } from "./clock.ts";
import type { Cluster, WorkflowRef } from "./cluster.ts";
import type { HookLog } from "./hook-log.ts";
import type { LimitStore } from "./limit-store.ts";
import type { Outbox, TenantMessages } from "./outbox.ts";
import type { Retention } from "./retention.ts";
import type { SpendCounter, SpendKey, SpendLimit, SpendSum, UsageQuery, UsageRow } from "./usage.ts";

export type StoredWorkflow = { readonly head: WorkflowHead; readonly parts: readonly PartRow[] };

export type ListWorkflows = {
  readonly limit: number;
  /** Position after which the page starts, as given in the page before; null for the newest. */
  readonly after: { readonly created_at: string; readonly id: string } | null;
  readonly statuses: readonly WorkflowStatus[] | null;
};

export type IdempotencyRecord = {
  readonly key: string;
  /** Hash of method, path and body; the same key with another fingerprint is refused. */
  readonly fingerprint: string;
  /** The process that took the key; an answerless record of another process may be taken over. */
  readonly owner: string;
  readonly answer: {
    readonly status: number;
    readonly headers: Record<string, string>;
    readonly body: string;
  } | null;
  readonly created_at: string;
};

/** An encrypted secret as it is stored. `nonce` and `ciphertext` are base64. */
export type SecretRow = {
  readonly name: string;
  /** Names the key that it was encrypted with. */
  readonly key_id: string;
  readonly nonce: string;
  readonly ciphertext: string;
  readonly created_at: string;
  readonly updated_at: string;
};

/** Storage of one tenant: no method takes a tenant id, so no caller can forget or forge one. */
export interface TenantStorage extends TenantMessages {
  readonly tenantId: string;
  /** All-or-nothing; concurrent commits of many workflows share one transaction. Rejects with a StorageError when the store itself fails. */
  commit(commit: Commit): Promise<CommitResult>;
  loadWorkflow(id: string): Promise<StoredWorkflow | null>;
  /** Just the head: constant cost, whatever the history. */
  loadHead(id: string): Promise<WorkflowHead | null>;
  /** Newest first, by `created_at` then id. */
  listWorkflows(query: ListWorkflows): Promise<WorkflowHead[]>;
  /** Events with `seq > after`, at most `limit`, in order. Cost follows the page, not the history. */
  readEvents(id: string, page: { readonly after: number; readonly limit: number }): Promise<WorkflowEvent[]>;
  listSteps(id: string): Promise<StepRow[]>;
  /** In the order in which they were made; with `stepId` only those of that step. */
  listModelCalls(id: string, stepId?: string): Promise<ModelCallRow[]>;
  /** The outside effects of one step, by attempt and ordinal. */
  listToolCalls(id: string, stepId: string): Promise<ToolCallRow[]>;
  readBlob(hash: string): Promise<string | null>;
  readBlobs(hashes: readonly string[]): Promise<ReadonlyMap<string, string>>;
  putBlob(hash: string, content: string): Promise<void>;
  /**
   * Takes a key for this process. Returns null when it is now ours (new, or left without an answer by another
   * owner for the same fingerprint), else the record that stands in the way.
   */
  takeIdempotencyKey(record: Omit<IdempotencyRecord, "answer">): Promise<IdempotencyRecord | null>;
  answerIdempotencyKey(key: string, answer: NonNullable<IdempotencyRecord["answer"]>): Promise<void>;
  /** Gives a key back whose request was not carried out. */
  releaseIdempotencyKey(key: string, owner: string): Promise<void>;
  /**
   * Adds the amount to every counter, or to none when one of them would go over its limit. Returns null when it was
   * added, else the counters as they stood.
   */
  reserveSpend(limits: readonly SpendLimit[], amount: SpendSum): Promise<readonly SpendCounter[] | null>;
  /** Adds the difference, which may be negative, whatever the limits. */
  settleSpend(counters: readonly SpendKey[], difference: SpendSum): Promise<void>;
  /** The counters that exist of these. */
  readSpend(counters: readonly SpendKey[]): Promise<readonly SpendCounter[]>;
  /** Sums over model calls, ordered by the keys of their groups; one row, of zeros if need be, when not grouped. */
  readUsage(query: UsageQuery): Promise<UsageRow[]>;
  /**
   * Writes a secret and returns since when there is one of this name. With `replacing` only over the row that has this
   * nonce; null when there is none any more.
   */
  putSecret(secret: SecretRow, replacing?: string): Promise<Pick<SecretRow, "created_at"> | null>;
  getSecret(name: string): Promise<SecretRow | null>;
  /** By name. */
  listSecrets(): Promise<SecretRow[]>;
  /** False when there was none. */
  deleteSecret(name: string): Promise<boolean>;
}

export type UnfinishedWorkflow = {
  readonly tenant_id: string;
  readonly id: string;
  readonly created_at: string;
};

/** What crosses tenants: recovery and readiness. Never handed to the API. */
export interface SystemStorage {
  /** Workflows that may have something to run (status pending or running, or ended but not closed), oldest first. */
  listUnfinished(): Promise<UnfinishedWorkflow[]>;
  /** The newest versions of the workflows that exist, in no order. */
  versionsOf(
    workflows: readonly WorkflowRef[],
  ): Promise<readonly (WorkflowRef & { readonly version: number })[]>;
  readonly retention: Retention;
  readonly outbox: Outbox;
  readonly hooks: HookLog;
  /** Resolves when the store answers. */
  ping(): Promise<void>;
}

export interface Storage {
  readonly system: SystemStorage;
  /** The other nodes on this store; null where there can't be any (SQLite). */
  readonly cluster: Cluster | null;
  /** Counts what all nodes together ask of the providers; null where one process counts for itself (SQLite). */
  readonly limitStore: ((clock: Clock) => LimitStore) | null;
  forTenant(tenantId: string): TenantStorage;
  close(): Promise<void>;
}

export type StorageErrorCode =
  | "storage_unreachable"
  | "storage_locked"
  | "storage_unwritable"
  | "storage_url_invalid"
  | "storage_outdated"
  | "storage_failed";

/** Whether the same request may be taken later without anybody changing it. */
export function isTransient({ code }: StorageError): boolean {
  return code === "storage_unreachable" || code === "storage_locked" || code === "storage_unwritable";
}

/** The store could not do its work. `message` is for the operator and says what to do next. */
export class StorageError extends Error {
  override readonly name = "StorageError";
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
