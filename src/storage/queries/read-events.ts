import { parseEvent, type WorkflowEvent } from "../../core/workflow/events.ts";
import type { StorageDatabase } from "../schema.ts";
import { prepared } from "./prepared.ts";

const NO_LATER_COMMIT = 2_147_483_647;

/** Just the commits that a page touches, from the first after its begin to the one that fills it. */
const commitsOf = prepared((db) => {
  const journal = db.selectFrom("journal").where("tenant_id", "=", "").where("workflow_id", "=", "");
  return journal
    .select("events")
    .where("last_seq", ">", 0)
    .where("last_seq", "<=", (eb) =>
      eb.fn.coalesce(
        journal.select(({ fn }) => fn.min("last_seq").as("last_seq")).where("last_seq", ">=", 0),
        eb.val(NO_LATER_COMMIT),
      ),
    )
    .orderBy("last_seq");
});

export async function readEvents(
  db: StorageDatabase,
  tenantId: string,
  id: string,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<WorkflowEvent[]> {
  const rows = await commitsOf(db, [tenantId, id, after, tenantId, id, after + limit, NO_LATER_COMMIT]);
  const events = (rows.flatMap((row) => row.events) as { readonly seq: number }[]).filter(
    ({ seq }) => seq > after && seq <= after + limit,
  );
  return events.map(parseEvent);
}
