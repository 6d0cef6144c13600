import type { StorageDatabase } from "../schema.ts";

/** What the last attempt brought stays to be seen until the next one. */
export async function redeliverMessage(
  db: StorageDatabase,
  tenantId: string,
  { id, now }: { readonly id: string; readonly now: number },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("messages")
    .set({ status: "pending", attempts: 0, due_at: now, delivered_at: null })
    .where("tenant_id", "=", tenantId)
    .where("id", "=", id)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}
