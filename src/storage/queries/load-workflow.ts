import { sql } from "kysely";

import type { PartRow } from "../../core/workflow/commit.ts";
import type { WorkflowHead } from "../../core/workflow/state.ts";
import type { StoredWorkflow } from "../../ports/storage.ts";
import type { StorageDatabase } from "../schema.ts";
import { prepared } from "./prepared.ts";

/** One statement, so that the head and the parts are of the same commit. */
const headAndParts = prepared((db) =>
  db
    .selectFrom("workflows")
    .select(["head as body", sql<string>`'head'`.as("kind"), sql<string>`''`.as("key")])
    .where("tenant_id", "=", "")
    .where("id", "=", "")
    .unionAll(
      db
        .selectFrom("workflow_parts")
        .select(["body as body", sql<string>`kind`.as("kind"), "key"])
        .where("tenant_id", "=", "")
        .where("workflow_id", "=", "")
        .$castTo<{ body: WorkflowHead; kind: string; key: string }>(),
    ),
);

export async function loadWorkflow(
  db: StorageDatabase,
  tenantId: string,
  id: string,
): Promise<StoredWorkflow | null> {
  const rows = await headAndParts(db, [tenantId, id, tenantId, id]);
  const head = rows.find((row) => row.kind === "head");
  if (head === undefined) return null;
  return { head: head.body, parts: rows.filter((row) => row !== head) as unknown as PartRow[] };
}
