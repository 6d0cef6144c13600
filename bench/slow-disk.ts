import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Builds the library that makes syncs slow; null, with a word on why, where that can't be done. */
export function prepareSlowDisk(
  directory: string,
): ((microseconds: number) => Record<string, string>) | null {
  const source = fileURLToPath(new URL("./slow-fsync.c", import.meta.url));
  const library = join(directory, "slow-fsync.so");
  if (process.platform !== "linux") return null;
  const compiler = spawnSync("cc", ["-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"]);
  if (compiler.status !== 0) return null;
  return (microseconds) => ({ LD_PRELOAD: library, SLOW_FSYNC_US: String(microseconds) });
}
