import type { ClaimedMessage, MessageResult } from "../../ports/outbox.ts";
import type { StorageDatabase } from "../schema.ts";

/** The time that it is due at names the lease: any other holder, and any asking again, has moved it. */
export async function settleMessage(
  db: StorageDatabase,
  { tenant_id, id, due_at }: Pick<ClaimedMessage, "tenant_id" | "id" | "due_at">,
  result: MessageResult,
): Promise<void> {
  await db
    .updateTable("messages")
    .set(result)
    .where("tenant_id", "=", tenant_id)
    .where("id", "=", id)
    .where("status", "=", "pending")
    .where("due_at", "=", due_at)
    .execute();
}
