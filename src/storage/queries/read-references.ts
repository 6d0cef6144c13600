import type { StorageDatabase } from "../schema.ts";

const JOURNAL_ROWS = 100;
const HASH = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g;

/**
 * Every hash in what is stored of a workflow: whole rows are searched, so that a new column or event with a hash needs
 * no change here. A new table that refers to contents does.
 */
export async function readReferences(
  db: StorageDatabase,
  tenantId: string,
  workflowId: string,
): Promise<Set<string>> {
  const found = new Set<string>();
  const collect = (rows: readonly unknown[]): void => {
    for (const [hash] of JSON.stringify(rows).matchAll(HASH)) found.add(hash);
  };
  for (const table of ["workflow_parts", "steps", "model_calls", "tool_calls"] as const) {
    collect(
      await db
        .selectFrom(table)
        .selectAll()
        .where("tenant_id", "=", tenantId)
        .where("workflow_id", "=", workflowId)
        .execute(),
    );
  }
  for (let after = 0; ;) {
    const rows = await db
      .selectFrom("journal")
      .select(["last_seq", "events"])
      .where("tenant_id", "=", tenantId)
      .where("workflow_id", "=", workflowId)
      .where("last_seq", ">", after)
      .orderBy("last_seq")
      .limit(JOURNAL_ROWS)
      .execute();
    collect(rows);
    if (rows.length < JOURNAL_ROWS) return found;
    after = rows.at(-1)?.last_seq ?? after;
  }
}
