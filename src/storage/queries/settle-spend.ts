import type { SpendKey, SpendSum } from "../../ports/usage.ts";
import type { StorageDatabase } from "../schema.ts";
import { inLockOrder, storedScope } from "./spend-order.ts";

export async function settleSpend(
  db: StorageDatabase,
  tenantId: string,
  { counters, difference }: { readonly counters: readonly SpendKey[]; readonly difference: SpendSum },
): Promise<void> {
  if (counters.length === 0) return;
  const rows = inLockOrder(counters).map((key) => ({
    tenant_id: tenantId,
    scope_id: storedScope(key),
    period: key.period,
    ...difference,
  }));
  await db
    .insertInto("spend_counters")
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(["tenant_id", "scope_id", "period"]).doUpdateSet((eb) => ({
        cost_micro_usd: eb("spend_counters.cost_micro_usd", "+", eb.ref("excluded.cost_micro_usd")),
        tokens: eb("spend_counters.tokens", "+", eb.ref("excluded.tokens")),
        model_calls: eb("spend_counters.model_calls", "+", eb.ref("excluded.model_calls")),
      })),
    )
    .execute();
}
