import type { StorageDatabase } from "../schema.ts";

/** An answered key stays, its request was carried out; and so does one that another process has taken over. */
export async function releaseIdempotencyKey(
  db: StorageDatabase,
  tenantId: string,
  { key, owner }: { readonly key: string; readonly owner: string },
): Promise<void> {
  await db
    .deleteFrom("idempotency_keys")
    .where("tenant_id", "=", tenantId)
    .where("key", "=", key)
    .where("owner", "=", owner)
    .where("answer", "is", null)
    .execute();
}
