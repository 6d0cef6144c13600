import type { IdempotencyRecord } from "../../ports/storage.ts";
import type { StorageDatabase } from "../schema.ts";

/** The first answer stays: a repeat must hear what the first caller heard. */
export async function answerIdempotencyKey(
  db: StorageDatabase,
  tenantId: string,
  { key, answer }: { readonly key: string; readonly answer: NonNullable<IdempotencyRecord["answer"]> },
): Promise<void> {
  await db
    .updateTable("idempotency_keys")
    .set({ answer: JSON.stringify(answer) })
    .where("tenant_id", "=", tenantId)
    .where("key", "=", key)
    .where("answer", "is", null)
    .execute();
}
