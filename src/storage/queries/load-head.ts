import type { WorkflowHead } from "../../core/workflow/state.ts";
import type { StorageDatabase } from "../schema.ts";
import { prepared } from "./prepared.ts";

const headOf = prepared((db) =>
  db.selectFrom("workflows").select("head").where("tenant_id", "=", "").where("id", "=", ""),
);

export async function loadHead(
  db: StorageDatabase,
  tenantId: string,
  id: string,
): Promise<WorkflowHead | null> {
  const [row] = await headOf(db, [tenantId, id]);
  return row?.head ?? null;
}
