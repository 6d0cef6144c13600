import { parseEvent, type WorkflowEvent } from "../../core/workflow/events.ts";
import type { StorageDatabase } from "../schema.ts";

const NO_LATER_COMMIT = 2_147_483_647;

/** Reads just the commits that the page touches, from the first after `after` to the one that fills it. */
export async function readEvents(
  db: StorageDatabase,
  tenantId: string,
  id: string,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<WorkflowEvent[]> {
  const journal = db.selectFrom("journal").where("tenant_id", "=", tenantId).where("workflow_id", "=", id);
  const rows = await journal
    .select("events")
    .where("last_seq", ">", after)
    .where("last_seq", "<=", (eb) =>
      eb.fn.coalesce(
        journal.select(({ fn }) => fn.min("last_seq").as("last_seq")).where("last_seq", ">=", after + limit),
        eb.val(NO_LATER_COMMIT),
      ),
    )
    .orderBy("last_seq")
    .execute();
  const events = (rows.flatMap((row) => row.events) as { readonly seq: number }[]).filter(
    ({ seq }) => seq > after && seq <= after + limit,
  );
  return events.map(parseEvent);
}
