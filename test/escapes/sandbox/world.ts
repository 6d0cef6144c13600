import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type ListenOptions, type Server } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

import type { Sandbox, SandboxCommand, SandboxResult } from "../../../src/ports/sandbox.ts";
import { createSandbox } from "../../../src/sandbox/create-sandbox.ts";
import { createLogger } from "../../../src/telemetry/pino-logger.ts";

/** What there is to reach, and the two ways to reach for it. */
export type World = {
  /** In each secret place; nobody else has it. */
  readonly canary: string;
  /** For files that a try may leave behind somewhere. */
  readonly name: string;
  readonly workspace: string;
  readonly sibling: string;
  readonly data: string;
  readonly homeSecret: string;
  readonly runSecret: string;
  readonly ports: { readonly tcp4: number; readonly tcp6: number; readonly udp: number };
  readonly unixSocket: string;
  readonly abstractSocket: string;
  /** A process of the host with the secret in its environment and arguments. */
  readonly victim: number;
  readonly datagrams: () => number;
  readonly sandbox: Sandbox;
  readonly guarded: (command: string, also?: Partial<SandboxCommand>) => Promise<SandboxResult>;
  /** The same on the host, as a child of a shell with the secret in its environment. */
  readonly plain: (command: string) => Promise<string>;
};

export const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export async function openWorld(
  allowedHosts: readonly string[],
): Promise<World & { close: () => Promise<void> }> {
  const canary = `canary-${randomUUID()}`;
  const name = `ts-orca-escape-${randomUUID()}`;
  const root = await mkdtemp(join(tmpdir(), "ts-orca-world-"));
  const [workspace, sibling, data] = ["workspace", "sibling", "data"].map((part) => join(root, part)) as [
    string,
    string,
    string,
  ];
  for (const directory of [workspace, sibling, data]) await mkdir(directory);
  const homeSecret = join(homedir(), name);
  const runSecret = join("/run", name);
  const secrets = [
    join(sibling, "secret"),
    join(data, "secret"),
    homeSecret,
    ...(process.getuid?.() === 0 ? [runSecret] : []),
  ];
  for (const file of secrets) await writeFile(file, canary);
  const unixSocket = join(root, "docker.sock");
  const abstractSocket = name;
  const udp = createSocket("udp4");
  let datagrams = 0;
  udp.on("message", () => (datagrams += 1)).bind(0, "127.0.0.1");
  await once(udp, "listening");
  const servers: [Server, ...Server[]] = [
    await listen(canary, { host: "127.0.0.1", port: 0 }),
    await listen(canary, { host: "::1", port: 0 }),
    await listen(canary, { path: unixSocket }),
    await listen(canary, { path: `\0${abstractSocket}` }),
  ];
  const victim = startVictim(canary);
  // What the server itself carries must not come through either.
  process.env["ORCA_SECRET"] = canary;
  process.env["SSH_AUTH_SOCK"] = unixSocket;
  const sandbox = createSandbox({
    mode: "auto",
    logger: createLogger({ level: "silent", format: "json" }),
    allowedHosts,
  });
  return {
    canary,
    name,
    workspace,
    sibling,
    data,
    homeSecret,
    runSecret,
    unixSocket,
    abstractSocket,
    sandbox,
    ports: { tcp4: portOf(servers[0]), tcp6: portOf(servers[1] ?? servers[0]), udp: udp.address().port },
    victim: victim.pid ?? 0,
    datagrams: () => datagrams,
    guarded: (command, also) =>
      sandbox.run({
        command,
        directory: workspace,
        limits: { time_ms: 20_000 },
        signal: new AbortController().signal,
        ...also,
      }),
    plain: (command) => runPlain(command, { workspace, canary, unixSocket }),
    close: async () => {
      await sandbox.close();
      delete process.env["ORCA_SECRET"];
      delete process.env["SSH_AUTH_SOCK"];
      victim.kill("SIGKILL");
      udp.close();
      for (const server of servers) server.close();
      for (const file of secrets) await rm(file, { force: true });
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function listen(canary: string, where: ListenOptions): Promise<Server> {
  const server = createServer((connection) => {
    connection.on("error", () => undefined);
    connection.write(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n${canary}\n`);
    connection.end();
  });
  server.listen(where);
  await once(server, "listening");
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

export function startVictim(canary: string): ChildProcess {
  return spawn("bash", ["-c", 'exec -a "victim-$ORCA_SECRET" sleep 600'], {
    env: { PATH: SYSTEM_PATH, ORCA_SECRET: canary },
    stdio: "ignore",
  });
}

async function runPlain(
  command: string,
  { workspace, canary, unixSocket }: { workspace: string; canary: string; unixSocket: string },
): Promise<string> {
  const child = spawn("bash", ["-c", 'bash -c "$1" 2>&1; echo survived', "plain", command], {
    cwd: workspace,
    env: { PATH: SYSTEM_PATH, ORCA_SECRET: canary, SSH_AUTH_SOCK: unixSocket, HOME: homedir() },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => {
      resolve();
    });
  });
  const timer = setTimeout(() => process.kill(-(child.pid ?? 0), "SIGKILL"), 20_000);
  await ended;
  clearTimeout(timer);
  // A left-over daemon keeps the pipe open: what was said by now is enough.
  await new Promise(setImmediate);
  child.stdout.destroy();
  return output;
}

/** Processes of this machine that carry the mark in their arguments. */
export function processesMarked(mark: string): readonly number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid && commandLineOf(pid).includes(mark));
}

function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
