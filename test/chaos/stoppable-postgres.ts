import { spawn } from "node:child_process";
import { readFile, readlink, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import pg from "pg";

import { startPostgres } from "../postgres/start-postgres.ts";

const POLL_MS = 20;
const PATIENCE_MS = 30_000;

type Command = {
  readonly program: string;
  readonly flags: readonly string[];
  readonly uid: number;
  readonly gid: number;
};

/** A PostgreSQL server of our own that can be stopped and started again over the same data. Needs `/proc`. */
export class StoppablePostgres {
  readonly url: string;
  readonly #data: string;
  readonly #command: Command;
  #pid: number;
  readonly #onExit = (): void => this.#signal("SIGQUIT");

  private constructor(url: string, data: string, postmaster: { pid: number; command: Command }) {
    this.url = url;
    this.#data = data;
    this.#pid = postmaster.pid;
    this.#command = postmaster.command;
    process.on("exit", this.#onExit);
  }

  static async start(): Promise<StoppablePostgres> {
    const { url } = await startPostgres();
    const data = await dataDirectoryOf(url);
    const [line = ""] = (await readFile(`${data}/postmaster.pid`, "utf8")).split("\n");
    const pid = Number(line);
    const [, ...flags] = (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0").slice(0, -1);
    const { uid, gid } = await stat(data);
    const command = { program: await readlink(`/proc/${pid}/exe`), flags, uid, gid };
    return new StoppablePostgres(url, data, { pid, command });
  }

  /** Ends every connection and the server: in order by SIGINT, or as in a crash by SIGQUIT. */
  async stop(signal: "SIGINT" | "SIGQUIT"): Promise<void> {
    this.#signal(signal);
    await until(() => Promise.resolve(!isRunning(this.#pid)), "PostgreSQL does not stop");
  }

  /** Resolves when it takes connections again. */
  async start(): Promise<void> {
    const { program, flags, uid, gid } = this.#command;
    const child = spawn(program, flags, { uid, gid, stdio: "ignore", cwd: "/" });
    this.#pid = child.pid ?? 0;
    await until(() => answers(this.url), "PostgreSQL does not start again");
  }

  async remove(): Promise<void> {
    if (isRunning(this.#pid)) await this.stop("SIGQUIT");
    process.off("exit", this.#onExit);
    await rm(dirname(this.#data), { recursive: true, force: true });
  }

  #signal(signal: NodeJS.Signals): void {
    if (isRunning(this.#pid)) process.kill(this.#pid, signal);
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

async function dataDirectoryOf(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ data_directory: string }>("show data_directory");
    return rows[0]?.data_directory ?? "";
  } finally {
    await client.end();
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined); // told by the query
  try {
    await client.connect();
    await client.query("select 1");
    return true;
  } catch {
    return false; // not yet: the caller asks again
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function until(holds: () => Promise<boolean>, otherwise: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(otherwise);
    await sleep(POLL_MS);
  }
}
