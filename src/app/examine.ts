import type { Config } from "../config/config.ts";
import type { NodeView } from "../ports/cluster.ts";
import { createPriceTable } from "../prices/price-table.ts";
import { openStorage } from "../storage/open-storage.ts";
import { createLogger } from "../telemetry/pino-logger.ts";
import { migrationsOf } from "./open-maintenance.ts";

/** What `orca doctor` asks of the parts themselves, because the API does not tell it. */

/** The nodes on the database; null where there is only one, or where its tables are behind: nothing is changed. */
export async function nodesOf(config: Config): Promise<readonly NodeView[] | null> {
  if (config.database.startsWith("sqlite:")) return null;
  if ((await migrationsOf(config)).some(({ done_at }) => done_at === null)) return null;
  const storage = await openStorage(config.database, { logger: createLogger(config.log) });
  try {
    return (await storage.cluster?.nodes()) ?? null;
  } finally {
    await storage.close();
  }
}

/** Whether calls of a model have a price; a model of a provider that is not configured has none. */
export function hasPrice({ prices, providers }: Config, reference: string): boolean {
  const slash = reference.indexOf("/");
  const [provider, model] = [reference.slice(0, slash), reference.slice(slash + 1)];
  const kind = providers.find(({ name }) => name === provider)?.kind;
  if (kind === undefined) return false;
  const tokens = { input_tokens: 1_000, output_tokens: 1_000 };
  return createPriceTable(prices).worstCase({ kind, provider, model }, tokens) !== null;
}
