import type { Expired } from "../../ports/retention.ts";
import type { StorageDatabase } from "../schema.ts";

export async function countIdempotencyKeys(db: StorageDatabase, { before }: Expired): Promise<number> {
  const { count } = await db
    .selectFrom("idempotency_keys")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("created_at", "<", before)
    .executeTakeFirstOrThrow();
  return count;
}

export async function deleteIdempotencyKeys(db: StorageDatabase, { before }: Expired): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom("idempotency_keys")
    .where("created_at", "<", before)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
