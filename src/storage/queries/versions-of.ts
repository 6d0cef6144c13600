import type { WorkflowRef } from "../../ports/cluster.ts";
import type { StorageDatabase } from "../schema.ts";

/** SQLite takes an expression of at most 1,000 levels, and each tenant is one. */
const MOST_AT_ONCE = 500;

/** Those that don't exist are left out. */
export async function versionsOf(
  db: StorageDatabase,
  workflows: readonly WorkflowRef[],
): Promise<(WorkflowRef & { version: number })[]> {
  const found: (WorkflowRef & { version: number })[] = [];
  for (let at = 0; at < workflows.length; at += MOST_AT_ONCE) {
    const tenants = Map.groupBy(workflows.slice(at, at + MOST_AT_ONCE), ({ tenant_id }) => tenant_id);
    const rows = await db
      .selectFrom("workflows")
      .select(["tenant_id", "id as workflow_id", "version"])
      .where((where) =>
        where.or(
          [...tenants].map(([tenantId, ofTenant]) =>
            where.and([
              where("tenant_id", "=", tenantId),
              where(
                "id",
                "in",
                ofTenant.map(({ workflow_id }) => workflow_id),
              ),
            ]),
          ),
        ),
      )
      .execute();
    found.push(...rows);
  }
  return found;
}
