import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Config } from "../config/config.ts";
import { maskUrl } from "../config/database-url.ts";
import { makeDirectory } from "../files/make-directory.ts";
import { CliError } from "./exit-code.ts";
import { HttpClient } from "./http-client.ts";

/** What a running server leaves in its data directory, so that commands find it. */
export type ServerFile = {
  readonly url: string;
  readonly pid: number;
  readonly instance_id: string;
  /** The store it works on, without its password: a command for another one does not use this server. */
  readonly database: string;
};

const ANSWER_TIMEOUT_MS = 2000;

function fileOf(config: Config): string {
  return join(config.data_dir, "server.json");
}

export async function writeServerFile(
  config: Config,
  server: Omit<ServerFile, "pid" | "database">,
): Promise<void> {
  const file = fileOf(config);
  const whole: ServerFile = { ...server, pid: process.pid, database: maskUrl(config.database) };
  const partial = `${file}.${process.pid}`;
  await writeFile(partial, `${JSON.stringify(whole)}\n`, { mode: 0o600 });
  await rename(partial, file);
}

/** Removes the file unless another server has put its own there meanwhile. */
export async function removeServerFile(config: Config, instanceId: string): Promise<void> {
  if ((await readServerFile(config))?.instance_id === instanceId) await rm(fileOf(config), { force: true });
}

/** The server of this data directory and database, when one answers under the id that it left. */
export async function findServer(config: Config): Promise<ServerFile | null> {
  const server = await readServerFile(config);
  if (!server || server.database !== maskUrl(config.database)) return null;
  try {
    const health = await new HttpClient(server.url).health(AbortSignal.timeout(ANSWER_TIMEOUT_MS));
    return health.instance_id === server.instance_id ? server : null;
  } catch (error) {
    if (error instanceof CliError) return null;
    throw error;
  }
}

async function readServerFile(config: Config): Promise<ServerFile | null> {
  try {
    const value = JSON.parse(await readFile(fileOf(config), "utf8")) as Partial<ServerFile>;
    return typeof value.url === "string" && typeof value.instance_id === "string"
      ? (value as ServerFile)
      : null;
  } catch {
    // Not there, not readable or half of it: no server that can be used.
    return null;
  }
}

/** Makes the data directory and proves that files can be put there. */
export async function prepareDataDir(config: Config): Promise<void> {
  const probe = join(config.data_dir, `.writable-${process.pid}`);
  try {
    await makeDirectory(config.data_dir, 0o700);
    await writeFile(probe, "");
    await rm(probe);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    const advice = "choose another with --data-dir or ORCA_DATA_DIR";
    throw new CliError(
      "unavailable",
      `can't write to the data directory ${config.data_dir} (${why}); ${advice}`,
      {
        cause: error,
        code: "data_dir_unwritable",
      },
    );
  }
}
