import type { Logger } from "../ports/logger.ts";
import type { Storage } from "../ports/storage.ts";
import { parseDatabaseUrl } from "./database-url.ts";

/**
 * Opens the store that `url` names, brings its tables up to date and keeps any other process from using it until
 * `close`. Rejects with a StorageError whose message is fit to be shown: it never holds the password.
 */
export async function openStorage(url: string, options: { readonly logger: Logger }): Promise<Storage> {
  const database = parseDatabaseUrl(url);
  // Only the store in use is loaded: the driver of the other one would cost a start 30 ms.
  if (database.kind === "sqlite") {
    const { openSqlite } = await import("./sqlite/open-sqlite.ts");
    return openSqlite(database.file, options);
  }
  const { openPostgres } = await import("./postgres/open-postgres.ts");
  return openPostgres(database, options);
}
