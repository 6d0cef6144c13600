import { sql } from "kysely";

import type { StorageDatabase } from "../schema.ts";

export async function deleteHooks(db: StorageDatabase, before: string, limit: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from received_hooks where (source, delivery_id) in (
      select source, delivery_id from received_hooks where received_at < ${before}
      order by received_at limit ${limit})`.execute(db);
  return Number(numAffectedRows ?? 0);
}
