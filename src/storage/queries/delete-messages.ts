import { sql } from "kysely";

import type { Expired } from "../../ports/retention.ts";
import type { StorageDatabase } from "../schema.ts";

/** The condition starts as in the partial index, or SQLite would not use it. */
function isSettled({ before }: Expired) {
  return sql<boolean>`status <> 'pending' and due_at < ${Date.parse(before)}`;
}

export async function countMessages(db: StorageDatabase, settled: Expired): Promise<number> {
  const { count } = await db
    .selectFrom("messages")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where(isSettled(settled))
    .executeTakeFirstOrThrow();
  return count;
}

export async function deleteMessages(db: StorageDatabase, settled: Expired): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom("messages")
    .where(isSettled(settled))
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
