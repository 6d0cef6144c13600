import { sql } from "kysely";

import type { Expired, OldPage, OldWorkflow } from "../../ports/retention.ts";
import type { DatabaseKind, StorageDatabase } from "../schema.ts";

const OLD_PER_PAGE = 200;

/** The condition starts as in the partial index, or SQLite would not use it. */
function isExpired({ before }: Expired) {
  return sql<boolean>`closed = true and created_at < ${before} and updated_at < ${before}`;
}

export async function countExpired(db: StorageDatabase, expired: Expired): Promise<number> {
  const { count } = await db
    .selectFrom("workflows")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where(isExpired(expired))
    .executeTakeFirstOrThrow();
  return count;
}

/**
 * What belongs to a workflow goes by a trigger, in the same transaction. On PostgreSQL a workflow that somebody just
 * changes is passed over: it may be resumed, and waiting for it could make two transactions wait for each other.
 */
export async function deleteWorkflows(
  { db, kind }: { readonly db: StorageDatabase; readonly kind: DatabaseKind },
  expired: Expired,
  limit: number,
): Promise<number> {
  const free = kind === "postgres" ? sql`for update skip locked` : sql``;
  const { numAffectedRows } = await sql`
    with doomed as materialized (
      select tenant_id, id from workflows where ${isExpired(expired)}
      order by created_at limit ${limit} ${free})
    delete from workflows where (tenant_id, id) in (select tenant_id, id from doomed)`.execute(db);
  return Number(numAffectedRows ?? 0);
}

export async function listOld(
  db: StorageDatabase,
  tenantId: string,
  { expired, after, passOver }: OldPage & { readonly expired: Expired },
): Promise<OldWorkflow[]> {
  let query = db
    .selectFrom("workflows")
    .select(["id", "created_at"])
    .where("tenant_id", "=", tenantId)
    .where("created_at", "<", expired.before);
  if (passOver) query = query.where(sql<boolean>`not (${isExpired(expired)})`);
  if (after) query = query.where(sql<boolean>`(created_at, id) < (${after.created_at}, ${after.id})`);
  return query.orderBy("created_at", "desc").orderBy("id", "desc").limit(OLD_PER_PAGE).execute();
}
