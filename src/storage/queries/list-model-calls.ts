import type { ModelCallRow } from "../../core/workflow/commit.ts";
import type { StorageDatabase } from "../schema.ts";

/** In the order in which they were made; with `stepId` only those of that step. */
export async function listModelCalls(
  db: StorageDatabase,
  tenantId: string,
  { id, stepId }: { readonly id: string; readonly stepId: string | undefined },
): Promise<ModelCallRow[]> {
  return db
    .selectFrom("model_calls")
    .select(["step_id", "attempt", "ordinal", "role", "provider", "model_asked", "model_served", "status"])
    .select(["usage", "cost_usd", "tokens"])
    .select(["latency_ms", "finish_reason", "request_hash", "prompt_hash", "packet_hash", "config_hash"])
    .select(["response_hash", "error", "created_at"])
    .where("tenant_id", "=", tenantId)
    .where("workflow_id", "=", id)
    .$if(stepId !== undefined, (query) => query.where("step_id", "=", stepId ?? ""))
    .orderBy("created_at")
    .orderBy("step_id")
    .orderBy("attempt")
    .orderBy("ordinal")
    .execute();
}
