import type { WorkflowHead } from "../../core/workflow/state.ts";
import type { StorageDatabase } from "../schema.ts";

export async function loadHead(
  db: StorageDatabase,
  tenantId: string,
  id: string,
): Promise<WorkflowHead | null> {
  const row = await db
    .selectFrom("workflows")
    .select("head")
    .where("tenant_id", "=", tenantId)
    .where("id", "=", id)
    .executeTakeFirst();
  return row?.head ?? null;
}
