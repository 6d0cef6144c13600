import type { WorkflowHead } from "../../core/workflow/state.ts";
import type { ListWorkflows } from "../../ports/storage.ts";
import type { StorageDatabase } from "../schema.ts";

/** The position is a pair of values, not an offset: rows that come in between move nothing. */
export async function listWorkflows(
  db: StorageDatabase,
  tenantId: string,
  { limit, after, statuses }: ListWorkflows,
): Promise<WorkflowHead[]> {
  if (statuses?.length === 0) return [];
  const rows = await db
    .selectFrom("workflows")
    .select("head")
    .where("tenant_id", "=", tenantId)
    .$if(after !== null, (query) =>
      query.where((eb) =>
        eb(eb.refTuple("created_at", "id"), "<", eb.tuple(after?.created_at ?? "", after?.id ?? "")),
      ),
    )
    .$if(statuses !== null, (query) => query.where("status", "in", [...(statuses ?? [])]))
    .orderBy("created_at", "desc")
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
  return rows.map((row) => row.head);
}
