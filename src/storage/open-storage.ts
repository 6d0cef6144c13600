import type { Logger } from "../ports/logger.ts";
import type { Storage } from "../ports/storage.ts";
import { parseDatabaseUrl } from "./database-url.ts";
import type { ClusterTiming } from "./postgres/cluster/cluster-timing.ts";

export type OpenStorageOptions = {
  readonly logger: Logger;
  /** How often the nodes on a PostgreSQL database do what; what is left out stays as it is. */
  readonly timing?: Partial<ClusterTiming>;
};

/**
 * Opens the store that `url` names and brings its tables up to date. A SQLite file is kept from any other process until
 * `close`; a PostgreSQL database may be open in many. Rejects with a StorageError whose message is fit to be shown: it never holds the password.
 */
export async function openStorage(url: string, options: OpenStorageOptions): Promise<Storage> {
  const database = parseDatabaseUrl(url);
  // Only the store in use is loaded: the driver of the other one would cost a start 30 ms.
  if (database.kind === "sqlite") {
    const { openSqlite } = await import("./sqlite/open-sqlite.ts");
    return openSqlite(database.file, options);
  }
  const { openPostgres } = await import("./postgres/open-postgres.ts");
  return openPostgres(database, options);
}
