import { type CreateTableBuilder, type Kysely, sql } from "kysely";

import type { DatabaseKind } from "../schema.ts";

/** What goes out and comes in: encrypted secrets, notices that wait to be sent, hooks that were received. */
export async function addDeliveries(db: Kysely<unknown>, kind: DatabaseKind): Promise<void> {
  await createSecrets(db, kind);
  await createOutbox(db, kind);
  await createReceivedHooks(db, kind);
}

/** `nonce` and `ciphertext` are base64; the name and the tenant are bound into the encryption. */
async function createSecrets(db: Kysely<unknown>, kind: DatabaseKind): Promise<void> {
  const key = keyText(kind);
  await withoutRowId(
    db.schema
      .createTable("secrets")
      .addColumn("tenant_id", key, (column) => column.notNull())
      .addColumn("name", key, (column) => column.notNull())
      .addColumn("key_id", "text", (column) => column.notNull())
      .addColumn("nonce", "text", (column) => column.notNull())
      .addColumn("ciphertext", "text", (column) => column.notNull())
      .addColumn("created_at", "text", (column) => column.notNull())
      .addColumn("updated_at", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("secrets_pk", ["tenant_id", "name"]),
    kind,
  ).execute();
}

async function createOutbox(db: Kysely<unknown>, kind: DatabaseKind): Promise<void> {
  const key = keyText(kind);
  await withoutRowId(
    db.schema
      .createTable("messages")
      .addColumn("tenant_id", key, (column) => column.notNull())
      .addColumn("id", key, (column) => column.notNull())
      .addColumn("workflow_id", key, (column) => column.notNull())
      .addColumn("endpoint", "text", (column) => column.notNull())
      .addColumn("type", "text", (column) => column.notNull())
      .addColumn("body", "text", (column) => column.notNull())
      .addColumn("status", "text", (column) => column.notNull())
      .addColumn("attempts", "integer", (column) => column.notNull())
      .addColumn("due_at", "bigint", (column) => column.notNull())
      .addColumn("last_result", "text")
      .addColumn("created_at", key, (column) => column.notNull())
      .addColumn("delivered_at", "text")
      .addPrimaryKeyConstraint("messages_pk", ["tenant_id", "id"]),
    kind,
  ).execute();
  await sql`create index messages_due on messages (due_at) where status = 'pending'`.execute(db);
  await sql`create index messages_settled on messages (due_at) where status <> 'pending'`.execute(db);
  await sql`create index messages_newest on messages (tenant_id, created_at, id)`.execute(db);
}

async function createReceivedHooks(db: Kysely<unknown>, kind: DatabaseKind): Promise<void> {
  const key = keyText(kind);
  await withoutRowId(
    db.schema
      .createTable("received_hooks")
      .addColumn("source", key, (column) => column.notNull())
      .addColumn("delivery_id", key, (column) => column.notNull())
      .addColumn("body_hash", key, (column) => column.notNull())
      .addColumn("received_at", key, (column) => column.notNull())
      .addColumn("workflow_id", "text")
      .addPrimaryKeyConstraint("received_hooks_pk", ["source", "delivery_id"])
      .addUniqueConstraint("received_hooks_body", ["source", "body_hash"]),
    kind,
  ).execute();
}

function keyText(kind: DatabaseKind) {
  return kind === "postgres" ? sql`text collate "C"` : sql`text`;
}

function withoutRowId<T extends string>(table: CreateTableBuilder<T>, kind: DatabaseKind) {
  return kind === "sqlite" ? table.modifyEnd(sql`without rowid`) : table;
}
