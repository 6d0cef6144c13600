import type { ColumnType, JSONColumnType, Kysely } from "kysely";

import type { RoleName } from "../core/role-name.ts";
import type { ModelCallRow, PartKind, StepRow, ToolCallRow } from "../core/workflow/commit.ts";
import type { StepKind, WorkflowHead, WorkflowStatus } from "../core/workflow/state.ts";
import type { NodeRole } from "../ports/cluster.ts";
import type { StandingHook } from "../ports/hook-log.ts";
import type { ClaimedMessage } from "../ports/outbox.ts";

/** Which of the two SQL dialects a statement is written for. */
export type DatabaseKind = "sqlite" | "postgres";

/** JSON of any shape: read as a value, written as text. */
type AnyJson = ColumnType<unknown, string, string>;
type JsonOrNull<T extends object> = JSONColumnType<T> | null;

/** One row a workflow; the columns beside `head` repeat what lists and recovery ask for. */
type WorkflowsTable = {
  tenant_id: string;
  id: string;
  scope_id: string | null;
  parent_id: string | null;
  status: WorkflowStatus;
  version: number;
  title: string;
  mode: string | null;
  head: JSONColumnType<WorkflowHead>;
  closed: boolean;
  created_at: string;
  updated_at: string;
};

type WorkflowPartsTable = {
  tenant_id: string;
  workflow_id: string;
  kind: PartKind;
  key: string;
  body: AnyJson;
};

/** One row a commit, with the array of its events; rows of a workflow follow one another without gaps. */
type JournalTable = {
  tenant_id: string;
  workflow_id: string;
  last_seq: number;
  first_seq: number;
  events: JSONColumnType<unknown[]>;
};

/** `lease_until` and `available_at` are milliseconds since the epoch. */
type StepsTable = {
  tenant_id: string;
  workflow_id: string;
  id: string;
  kind: StepKind;
  role: RoleName | null;
  task_id: string | null;
  cycle: number;
  status: StepRow["status"];
  attempt: number;
  owner: string | null;
  lease_until: number | null;
  available_at: number | null;
  started_at: string | null;
  finished_at: string | null;
  error: JsonOrNull<NonNullable<StepRow["error"]>>;
};

type ToolCallsTable = Omit<ToolCallRow, "error"> & {
  tenant_id: string;
  workflow_id: string;
  error: JsonOrNull<NonNullable<ToolCallRow["error"]>>;
};

type ModelCallsTable = Omit<ModelCallRow, "usage" | "error"> & {
  tenant_id: string;
  workflow_id: string;
  usage: JSONColumnType<ModelCallRow["usage"]>;
  error: JsonOrNull<NonNullable<ModelCallRow["error"]>>;
};

/**
 * `escaped`: the content holds NUL, which PostgreSQL text can't, and stands here as a JSON string. `touched_at` is when a
 * commit last brought it, a few hours behind at most; null when a version stored it that did not keep this.
 */
type BlobsTable = {
  tenant_id: string;
  hash: string;
  content: string;
  size: number;
  escaped: boolean;
  touched_at: number | null;
};

type IdempotencyKeysTable = {
  tenant_id: string;
  key: string;
  fingerprint: string;
  owner: string;
  answer: JsonOrNull<{ status: number; headers: Record<string, string>; body: string }>;
  created_at: string;
};

/** `scope_id` is empty for the tenant as a whole; money is in whole millionths of a US dollar. */
type SpendCountersTable = {
  tenant_id: string;
  scope_id: string;
  period: string;
  cost_micro_usd: number;
  tokens: number;
  model_calls: number;
};

type SecretsTable = {
  tenant_id: string;
  name: string;
  key_id: string;
  nonce: string;
  ciphertext: string;
  created_at: string;
  updated_at: string;
};

type MessagesTable = ClaimedMessage;

/** Crosses tenants: a hook is received before it is known whose it is. */
type ReceivedHooksTable = StandingHook;

type MaintenanceTable = { name: string; taken_until: number };

/** Only on PostgreSQL. */
type NodesTable = {
  id: string;
  role: NodeRole;
  version: string;
  lock_key: number;
  started_at: number;
  lease_until: number;
};

export type Database = {
  workflows: WorkflowsTable;
  workflow_parts: WorkflowPartsTable;
  journal: JournalTable;
  steps: StepsTable;
  model_calls: ModelCallsTable;
  tool_calls: ToolCallsTable;
  blobs: BlobsTable;
  idempotency_keys: IdempotencyKeysTable;
  spend_counters: SpendCountersTable;
  nodes: NodesTable;
  maintenance: MaintenanceTable;
  secrets: SecretsTable;
  messages: MessagesTable;
  received_hooks: ReceivedHooksTable;
};

export type StorageDatabase = Kysely<Database>;
