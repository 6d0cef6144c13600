import type { ToolCallRow } from "../../core/workflow/commit.ts";
import type { StorageDatabase } from "../schema.ts";

/** Of one step, in the order of attempts and ordinals. */
export async function listToolCalls(
  db: StorageDatabase,
  tenantId: string,
  { id, stepId }: { readonly id: string; readonly stepId: string },
): Promise<ToolCallRow[]> {
  return db
    .selectFrom("tool_calls")
    .select(["step_id", "attempt", "ordinal", "tool", "semantics", "key", "status"])
    .select(["input_hash", "output_hash", "known_by", "latency_ms", "error", "created_at"])
    .where("tenant_id", "=", tenantId)
    .where("workflow_id", "=", id)
    .where("step_id", "=", stepId)
    .orderBy("attempt")
    .orderBy("ordinal")
    .execute();
}
