import type { SpendCounter, SpendKey } from "../../ports/usage.ts";
import type { StorageDatabase } from "../schema.ts";
import { storedScope } from "./spend-order.ts";

export async function readSpend(
  db: StorageDatabase,
  tenantId: string,
  counters: readonly SpendKey[],
): Promise<SpendCounter[]> {
  if (counters.length === 0) return [];
  const rows = await db
    .selectFrom("spend_counters")
    .select(["scope_id", "period", "cost_micro_usd", "tokens", "model_calls"])
    .where("tenant_id", "=", tenantId)
    .where((eb) =>
      eb.or(
        counters.map((key) => eb.and([eb("scope_id", "=", storedScope(key)), eb("period", "=", key.period)])),
      ),
    )
    .execute();
  return rows.map((row) => ({ ...row, scope_id: row.scope_id === "" ? null : row.scope_id }));
}
