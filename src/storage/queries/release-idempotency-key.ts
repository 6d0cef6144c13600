import type { StorageDatabase } from "../schema.ts";

/** An answered key stays: its request was carried out. */
export async function releaseIdempotencyKey(
  db: StorageDatabase,
  tenantId: string,
  key: string,
): Promise<void> {
  await db
    .deleteFrom("idempotency_keys")
    .where("tenant_id", "=", tenantId)
    .where("key", "=", key)
    .where("answer", "is", null)
    .execute();
}
