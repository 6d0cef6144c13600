import { sql } from "kysely";

import type { StepRow } from "../../core/workflow/commit.ts";
import type { StorageDatabase } from "../schema.ts";

/** In the order in which they started; those that wait come last. */
export async function listSteps(db: StorageDatabase, tenantId: string, id: string): Promise<StepRow[]> {
  const rows = await db
    .selectFrom("steps")
    .select(["id", "kind", "role", "task_id", "cycle", "status", "attempt", "owner"])
    .select(["lease_until", "available_at", "started_at", "finished_at", "error"])
    .where("tenant_id", "=", tenantId)
    .where("workflow_id", "=", id)
    .orderBy(sql`coalesce(started_at, '~')`)
    .orderBy("id")
    .execute();
  return rows.map((row) => ({
    ...row,
    lease_until: toTime(row.lease_until),
    available_at: toTime(row.available_at),
  }));
}

function toTime(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}
