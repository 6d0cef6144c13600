import { sql } from "kysely";

import type { PartRow } from "../../core/workflow/commit.ts";
import type { WorkflowHead } from "../../core/workflow/state.ts";
import type { StoredWorkflow } from "../../ports/storage.ts";
import type { StorageDatabase } from "../schema.ts";

/** One statement, so that the head and the parts are of the same commit. */
export async function loadWorkflow(
  db: StorageDatabase,
  tenantId: string,
  id: string,
): Promise<StoredWorkflow | null> {
  const rows = await db
    .selectFrom("workflows")
    .select(["head as body", sql<string>`'head'`.as("kind"), sql<string>`''`.as("key")])
    .where("tenant_id", "=", tenantId)
    .where("id", "=", id)
    .unionAll(
      db
        .selectFrom("workflow_parts")
        .select(["body as body", sql<string>`kind`.as("kind"), "key"])
        .where("tenant_id", "=", tenantId)
        .where("workflow_id", "=", id)
        .$castTo<{ body: WorkflowHead; kind: string; key: string }>(),
    )
    .execute();
  const head = rows.find((row) => row.kind === "head");
  if (head === undefined) return null;
  return { head: head.body, parts: rows.filter((row) => row !== head) as unknown as PartRow[] };
}
