import type { Commit, CommitResult, ModelCallRow, StepRow, ToolCallRow } from "../core/workflow/commit.ts";
import type { WorkflowEvent } from "../core/workflow/events.ts";
import type { WorkflowHead } from "../core/workflow/state.ts";
import type { ListMessages, Message } from "../ports/outbox.ts";
import type {
  IdempotencyRecord,
  ListWorkflows,
  SecretRow,
  StoredWorkflow,
  TenantStorage,
} from "../ports/storage.ts";
import { StorageError } from "../ports/storage.ts";
import type { SpendCounter, SpendKey, SpendLimit, SpendSum, UsageQuery, UsageRow } from "../ports/usage.ts";
import { asked, type Backend } from "./backend.ts";
import { toTape } from "./commit-tape.ts";
import { answerIdempotencyKey } from "./queries/answer-idempotency-key.ts";
import { listMessages, loadMessage } from "./queries/list-messages.ts";
import { listModelCalls } from "./queries/list-model-calls.ts";
import { listSteps } from "./queries/list-steps.ts";
import { listToolCalls } from "./queries/list-tool-calls.ts";
import { listWorkflows } from "./queries/list-workflows.ts";
import { loadHead } from "./queries/load-head.ts";
import { loadWorkflow } from "./queries/load-workflow.ts";
import { putBlob } from "./queries/put-blob.ts";
import { readBlobs } from "./queries/read-blobs.ts";
import { readEvents } from "./queries/read-events.ts";
import { readSpend } from "./queries/read-spend.ts";
import { readUsage } from "./queries/read-usage.ts";
import { redeliverMessage } from "./queries/redeliver-message.ts";
import { releaseIdempotencyKey } from "./queries/release-idempotency-key.ts";
import { reserveSpend } from "./queries/reserve-spend.ts";
import { deleteSecret, getSecret, listSecrets, putSecret } from "./queries/secrets.ts";
import { settleSpend } from "./queries/settle-spend.ts";
import { takeIdempotencyKey } from "./queries/take-idempotency-key.ts";
import type { StorageDatabase } from "./schema.ts";

/** The tenant's handle on either database. */
export class StoredTenant implements TenantStorage {
  readonly tenantId: string;
  readonly #backend: Backend;

  constructor(tenantId: string, backend: Backend) {
    this.tenantId = tenantId;
    this.#backend = backend;
  }

  async commit(commit: Commit): Promise<CommitResult> {
    if (commit.tenant_id !== this.tenantId || commit.head.tenant_id !== this.tenantId) {
      throw new StorageError(
        "storage_failed",
        `A commit of tenant ${commit.tenant_id} reached the storage of ${this.tenantId}; nothing was written. This is a defect: please report it.`,
      );
    }
    const { knownBlobs } = this.#backend;
    const blobs = commit.blobs.filter(({ hash }) => !knownBlobs.has(this.tenantId, hash));
    const result = await this.#backend.commit(toTape(commit, blobs), commit.wake);
    if (result.ok) for (const { hash } of blobs) knownBlobs.add(this.tenantId, hash);
    return result;
  }

  loadWorkflow(id: string): Promise<StoredWorkflow | null> {
    return this.#ask((db) => loadWorkflow(db, this.tenantId, id));
  }

  loadHead(id: string): Promise<WorkflowHead | null> {
    return this.#ask((db) => loadHead(db, this.tenantId, id));
  }

  listWorkflows(query: ListWorkflows): Promise<WorkflowHead[]> {
    return this.#ask((db) => listWorkflows(db, this.tenantId, query));
  }

  readEvents(id: string, page: { readonly after: number; readonly limit: number }): Promise<WorkflowEvent[]> {
    return this.#ask((db) => readEvents(db, this.tenantId, id, page));
  }

  listSteps(id: string): Promise<StepRow[]> {
    return this.#ask((db) => listSteps(db, this.tenantId, id));
  }

  listModelCalls(id: string, stepId?: string): Promise<ModelCallRow[]> {
    return this.#ask((db) => listModelCalls(db, this.tenantId, { id, stepId }));
  }

  listToolCalls(id: string, stepId: string): Promise<ToolCallRow[]> {
    return this.#ask((db) => listToolCalls(db, this.tenantId, { id, stepId }));
  }

  async readBlob(hash: string): Promise<string | null> {
    return (await this.readBlobs([hash])).get(hash) ?? null;
  }

  readBlobs(hashes: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return this.#ask((db) => readBlobs(db, this.tenantId, hashes));
  }

  async putBlob(hash: string, content: string): Promise<void> {
    const { knownBlobs } = this.#backend;
    if (knownBlobs.has(this.tenantId, hash)) return;
    await this.#ask((db) => putBlob(db, this.tenantId, { hash, content }));
    knownBlobs.add(this.tenantId, hash);
  }

  takeIdempotencyKey(record: Omit<IdempotencyRecord, "answer">): Promise<IdempotencyRecord | null> {
    const { kind } = this.#backend;
    return this.#ask((db) => takeIdempotencyKey({ db, kind }, this.tenantId, record));
  }

  answerIdempotencyKey(key: string, answer: NonNullable<IdempotencyRecord["answer"]>): Promise<void> {
    return this.#ask((db) => answerIdempotencyKey(db, this.tenantId, { key, answer }));
  }

  releaseIdempotencyKey(key: string, owner: string): Promise<void> {
    return this.#ask((db) => releaseIdempotencyKey(db, this.tenantId, { key, owner }));
  }

  reserveSpend(limits: readonly SpendLimit[], amount: SpendSum): Promise<readonly SpendCounter[] | null> {
    const { kind } = this.#backend;
    return this.#ask((db) => reserveSpend({ db, kind }, this.tenantId, { limits, amount }));
  }

  settleSpend(counters: readonly SpendKey[], difference: SpendSum): Promise<void> {
    return this.#ask((db) => settleSpend(db, this.tenantId, { counters, difference }));
  }

  readSpend(counters: readonly SpendKey[]): Promise<readonly SpendCounter[]> {
    return this.#ask((db) => readSpend(db, this.tenantId, counters));
  }

  readUsage(query: UsageQuery): Promise<UsageRow[]> {
    const { kind } = this.#backend;
    return this.#ask((db) => readUsage({ db, kind }, this.tenantId, query));
  }

  listMessages(query: ListMessages): Promise<Message[]> {
    return this.#ask((db) => listMessages(db, this.tenantId, query));
  }

  loadMessage(id: string): Promise<Message | null> {
    return this.#ask((db) => loadMessage(db, this.tenantId, id));
  }

  redeliverMessage(id: string, now: number): Promise<boolean> {
    return this.#ask((db) => redeliverMessage(db, this.tenantId, { id, now }));
  }

  putSecret(secret: SecretRow, replacing?: string): Promise<Pick<SecretRow, "created_at"> | null> {
    return this.#ask((db) => putSecret(db, this.tenantId, { secret, replacing: replacing ?? null }));
  }

  getSecret(name: string): Promise<SecretRow | null> {
    return this.#ask((db) => getSecret(db, this.tenantId, name));
  }

  listSecrets(): Promise<SecretRow[]> {
    return this.#ask((db) => listSecrets(db, this.tenantId));
  }

  deleteSecret(name: string): Promise<boolean> {
    return this.#ask((db) => deleteSecret(db, this.tenantId, name));
  }

  #ask<T>(question: (db: StorageDatabase) => Promise<T>): Promise<T> {
    return asked(this.#backend, question);
  }
}
