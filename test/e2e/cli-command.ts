import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

import { childEnvironment } from "../child-environment.ts";

export type Ended = {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The lines of the standard output as JSON. */
  readonly records: () => Record<string, unknown>[];
};

/** One `orca` command line as a process of its own. */
export class CliCommand {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly ended: Promise<Ended>;
  readonly #lines: string[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(args: readonly string[], env: Readonly<Record<string, string>>, cwd: string) {
    const main = join(import.meta.dirname, "../../scripts/orca.mjs");
    this.child = spawn(process.execPath, [main, ...args], { env, cwd, stdio: ["pipe", "pipe", "pipe"] });
    let stderr = "";
    this.child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const lines = createInterface(this.child.stdout);
    lines.on("line", (line) => {
      this.#lines.push(line);
      for (const wake of this.#waiting) wake();
    });
    this.ended = Promise.all([once(this.child, "close"), once(lines, "close")]).then(([[code]]) => ({
      code: code as number | null,
      stdout: this.#lines.map((line) => `${line}\n`).join(""),
      stderr,
      records: () => this.#lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    }));
  }

  /** The first line of the standard output that fits; rejects when the process ends without one. */
  async line(fits: (line: string) => boolean): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const look = (): void => {
      const line = this.#lines.find(fits);
      if (line !== undefined) resolve(line);
    };
    this.#waiting.add(look);
    const tooLate = async (): Promise<void> => {
      const { code, stdout, stderr } = await this.ended;
      look();
      reject(new Error(`ended with ${code} before the line came\n${stdout}\n${stderr}`));
    };
    void tooLate();
    look();
    return promise.finally(() => this.#waiting.delete(look));
  }
}

/** A machine's user who has orca and nothing else: own home, data directory and environment. */
export class CliUser {
  readonly home: string;
  readonly #commands: CliCommand[] = [];
  readonly #env: Readonly<Record<string, string>>;

  private constructor(home: string, env: Readonly<Record<string, string>>) {
    this.home = home;
    this.#env = { ...childEnvironment(), HOME: home, LANG: "C.UTF-8", ...env };
  }

  static async create(env: Readonly<Record<string, string>> = {}): Promise<CliUser> {
    return new CliUser(await mkdtemp(join(tmpdir(), "orca-cli-")), env);
  }

  get dataDir(): string {
    return join(this.home, ".local/share/orca");
  }

  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): CliCommand {
    const command = new CliCommand(args, { ...this.#env, ...env }, this.home);
    this.#commands.push(command);
    return command;
  }

  /** Runs a command to its end. */
  orca(...args: string[]): Promise<Ended> {
    const { child, ended } = this.start(args);
    child.stdin.end();
    return ended;
  }

  /** A server on a free port; resolves with its address once it is ready. */
  async serve(...args: string[]): Promise<{ readonly url: string; readonly command: CliCommand }> {
    const command = this.start(["serve", "--port", "0", "--json", "--log-level", "warn", ...args]);
    const ready = JSON.parse(await command.line((line) => line.includes('"ready"'))) as { url: string };
    return { url: ready.url, command };
  }

  /** Ends what still runs and takes the home away. */
  async leave(): Promise<void> {
    for (const { child } of this.#commands) if (child.exitCode === null) child.kill("SIGKILL");
    await Promise.all(this.#commands.map(({ ended }) => ended));
    await rm(this.home, { recursive: true });
  }
}
