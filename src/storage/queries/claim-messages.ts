import { sql } from "kysely";

import type { ClaimedMessage, ClaimMessages } from "../../ports/outbox.ts";
import type { DatabaseKind, StorageDatabase } from "../schema.ts";

/**
 * Moves the time of what is due to the end of the lease, so that it is due again when its holder is gone. The condition
 * on the status is written as in the partial index, or SQLite would not use it.
 */
export async function claimMessages(
  { db, kind }: { readonly db: StorageDatabase; readonly kind: DatabaseKind },
  { now, lease_ms, limit, except }: ClaimMessages,
): Promise<ClaimedMessage[]> {
  const free = kind === "postgres" ? sql`for update skip locked` : sql``;
  const others = except.length === 0 ? sql`` : sql`and endpoint not in (${sql.join(except)})`;
  const { rows } = await sql<ClaimedMessage>`
    with due as materialized (
      select tenant_id, id from messages where status = 'pending' and due_at <= ${now} ${others}
      order by due_at limit ${limit} ${free})
    update messages set due_at = ${now + lease_ms}
    where (tenant_id, id) in (select tenant_id, id from due)
    returning *`.execute(db);
  return rows;
}
