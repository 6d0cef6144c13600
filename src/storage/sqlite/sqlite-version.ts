import { StorageError } from "../../ports/storage.ts";

// Up to 3.51.2 a checkpoint that meets a new writer at the wrong moment can corrupt a WAL database.
const OLDEST = [3, 51, 3] as const;

/** Throws a StorageError for versions of SQLite that can lose data. */
export function requireSoundSqlite(version: string): void {
  const found = version.split(".").map(Number);
  const index = OLDEST.findIndex((part, at) => part !== (found[at] ?? 0));
  if (index < 0 || (found[index] ?? 0) > (OLDEST[index] ?? 0)) return;
  throw new StorageError(
    "storage_failed",
    `This Node.js brings SQLite ${version}, which can corrupt databases; ${OLDEST.join(".")} is the oldest sound one. Install Node.js 24.16 or newer.`,
  );
}
