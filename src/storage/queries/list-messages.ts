import type { ListMessages, Message } from "../../ports/outbox.ts";
import type { StorageDatabase } from "../schema.ts";

const COLUMNS = [
  "id",
  "workflow_id",
  "endpoint",
  "type",
  "body",
  "created_at",
  "status",
  "attempts",
  "due_at",
  "last_result",
  "delivered_at",
] as const satisfies readonly (keyof Message)[];

/** As with workflows, the position is a pair of values. */
export async function listMessages(
  db: StorageDatabase,
  tenantId: string,
  { limit, after, statuses, workflow_id }: ListMessages,
): Promise<Message[]> {
  if (statuses?.length === 0) return [];
  return db
    .selectFrom("messages")
    .select(COLUMNS)
    .where("tenant_id", "=", tenantId)
    .$if(after !== null, (query) =>
      query.where((eb) =>
        eb(eb.refTuple("created_at", "id"), "<", eb.tuple(after?.created_at ?? "", after?.id ?? "")),
      ),
    )
    .$if(statuses !== null, (query) => query.where("status", "in", [...(statuses ?? [])]))
    .$if(workflow_id !== null, (query) => query.where("workflow_id", "=", workflow_id ?? ""))
    .orderBy("created_at", "desc")
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
}

export async function loadMessage(
  db: StorageDatabase,
  tenantId: string,
  id: string,
): Promise<Message | null> {
  const row = await db
    .selectFrom("messages")
    .select(COLUMNS)
    .where("tenant_id", "=", tenantId)
    .where("id", "=", id)
    .executeTakeFirst();
  return row ?? null;
}
