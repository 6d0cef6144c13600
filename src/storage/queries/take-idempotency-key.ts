import { sql } from "kysely";

import type { IdempotencyRecord } from "../../ports/storage.ts";
import type { DatabaseKind, StorageDatabase } from "../schema.ts";

/**
 * Of two that take a new key at once exactly one gets null. An answerless record of another owner is taken over
 * only when that is no living node, and only for the same request: with another fingerprint the first one may have been
 * carried out.
 */
export async function takeIdempotencyKey(
  { db, kind }: { readonly db: StorageDatabase; readonly kind: DatabaseKind },
  tenantId: string,
  record: Omit<IdempotencyRecord, "answer">,
): Promise<IdempotencyRecord | null> {
  for (;;) {
    const taken = await db
      .insertInto("idempotency_keys")
      .values({ tenant_id: tenantId, ...record, answer: null })
      .onConflict((conflict) =>
        conflict
          .columns(["tenant_id", "key"])
          .doUpdateSet({ owner: record.owner, created_at: record.created_at })
          .where("idempotency_keys.answer", "is", null)
          .where("idempotency_keys.owner", "<>", record.owner)
          .where("idempotency_keys.fingerprint", "=", record.fingerprint)
          .where(kind === "postgres" ? OWNER_IS_GONE : sql<boolean>`true`),
      )
      .returning("key")
      .executeTakeFirst();
    if (taken !== undefined) return null;
    const standing = await db
      .selectFrom("idempotency_keys")
      .select(["key", "fingerprint", "owner", "answer", "created_at"])
      .where("tenant_id", "=", tenantId)
      .where("key", "=", record.key)
      .executeTakeFirst();
    if (standing !== undefined) return standing;
  }
}

/** A living node may still be at it. */
const OWNER_IS_GONE = sql<boolean>`not exists (select from nodes where nodes.id = idempotency_keys.owner)`;
