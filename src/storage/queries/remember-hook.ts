import type { ReceivedHook, StandingHook } from "../../ports/hook-log.ts";
import type { StorageDatabase } from "../schema.ts";

/** Of several with the same name or the same body exactly one gets null. */
export async function rememberHook(db: StorageDatabase, hook: ReceivedHook): Promise<StandingHook | null> {
  const { source, delivery_id, body_hash } = hook;
  for (;;) {
    const written = await db
      .insertInto("received_hooks")
      .values({ ...hook, workflow_id: null })
      .onConflict((conflict) => conflict.doNothing())
      .returning("delivery_id")
      .executeTakeFirst();
    if (written !== undefined) return null;
    const standing = await db
      .selectFrom("received_hooks")
      .select(["source", "delivery_id", "body_hash", "received_at", "workflow_id"])
      .where("source", "=", source)
      .where((where) =>
        where.or([where("delivery_id", "=", delivery_id), where("body_hash", "=", body_hash)]),
      )
      .execute();
    const first = standing.find((one) => one.delivery_id === delivery_id) ?? standing[0];
    if (first !== undefined) return first;
  }
}

export async function answerHook(
  db: StorageDatabase,
  { source, delivery_id }: Pick<ReceivedHook, "source" | "delivery_id">,
  workflowId: string,
): Promise<void> {
  await db
    .updateTable("received_hooks")
    .set({ workflow_id: workflowId })
    .where("source", "=", source)
    .where("delivery_id", "=", delivery_id)
    .execute();
}
