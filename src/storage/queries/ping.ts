import { sql } from "kysely";

import type { StorageDatabase } from "../schema.ts";

export async function ping(db: StorageDatabase): Promise<void> {
  await db.selectNoFrom(sql<number>`1`.as("alive")).execute();
}
