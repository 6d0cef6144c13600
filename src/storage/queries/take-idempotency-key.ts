import type { IdempotencyRecord } from "../../ports/storage.ts";
import type { StorageDatabase } from "../schema.ts";

/**
 * Of two that take a new key at once exactly one gets null. An answerless record of another owner is taken over
 * only for the same request: with another fingerprint the first one may have been carried out.
 */
export async function takeIdempotencyKey(
  db: StorageDatabase,
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
          .where("idempotency_keys.fingerprint", "=", record.fingerprint),
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
