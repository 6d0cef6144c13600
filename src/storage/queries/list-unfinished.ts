import { sql } from "kysely";

import type { UnfinishedWorkflow } from "../../ports/storage.ts";
import type { StorageDatabase } from "../schema.ts";

/** The condition is written as in the partial index, or SQLite would not use it. */
export async function listUnfinished(db: StorageDatabase): Promise<UnfinishedWorkflow[]> {
  return db
    .selectFrom("workflows")
    .select(["tenant_id", "id", "created_at"])
    .where(sql<boolean>`closed = false and status not in ('paused', 'awaiting_approval')`)
    .orderBy("created_at")
    .orderBy("tenant_id")
    .orderBy("id")
    .execute();
}
