import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
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
const FIRST = "server.json";
const FURTHER = /^server-\d+\.json$/;

/**
 * Leaves the address of this node. The first node of a data directory has `server.json`; those that join it while it
 * answers have a file each, named after their port, so that none takes the address of another away.
 */
export async function writeServerFile(
  config: Config,
  server: Omit<ServerFile, "pid" | "database">,
): Promise<void> {
  const first = await readServerFile(join(config.data_dir, FIRST));
  // One address has one server: what it left there before is no other node.
  const taken = first !== null && first.url !== server.url && (await answers(first));
  const name = taken ? `server-${new URL(server.url).port}.json` : FIRST;
  const file = join(config.data_dir, name);
  const whole: ServerFile = { ...server, pid: process.pid, database: maskUrl(config.database) };
  const partial = `${file}.${process.pid}`;
  await writeFile(partial, `${JSON.stringify(whole)}\n`, { mode: 0o600 });
  await rename(partial, file);
}

/** Removes the file of this node, wherever it stands, and no other. */
export async function removeServerFile(config: Config, instanceId: string): Promise<void> {
  for (const { file, server } of await serverFiles(config))
    if (server.instance_id === instanceId) await rm(file, { force: true });
}

/** A server of this data directory and database that answers under the id that it left; the first one if it does. */
export async function findServer(config: Config): Promise<ServerFile | null> {
  for (const { server } of await serverFiles(config))
    if (server.database === maskUrl(config.database) && (await answers(server))) return server;
  return null;
}

async function answers(server: ServerFile): Promise<boolean> {
  try {
    const health = await new HttpClient(server.url).health(AbortSignal.timeout(ANSWER_TIMEOUT_MS));
    return health.instance_id === server.instance_id;
  } catch (error) {
    if (error instanceof CliError) return false;
    throw error;
  }
}

async function serverFiles(
  config: Config,
): Promise<readonly { readonly file: string; readonly server: ServerFile }[]> {
  const names = (await namesIn(config.data_dir)).filter((name) => name === FIRST || FURTHER.test(name));
  const found = [];
  // "server.json" sorts behind "server-1.json", but comes first.
  for (const name of names.toSorted((left, right) => Number(right === FIRST) - Number(left === FIRST))) {
    const file = join(config.data_dir, name);
    const server = await readServerFile(file);
    if (server) found.push({ file, server });
  }
  return found;
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch {
    // Not there or not readable: nobody has left an address that could be used.
    return [];
  }
}

async function readServerFile(file: string): Promise<ServerFile | null> {
  try {
    const value = JSON.parse(await readFile(file, "utf8")) as Partial<ServerFile>;
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
