import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

import { provenWrong } from "./proven-wrong.ts";

const PROGRAM = join(import.meta.dirname, "../../src/cli/main.ts");

/** A rehearsed failure that the node has announced. */
export type FailpointHit = { readonly failpoint: string; readonly hit: number; readonly rehearsal: string };

/** One life of the node, from its start to its end. Times are milliseconds since the epoch. */
export type NodeLife = {
  readonly started_at: number;
  /** Names the process in the journal; null when it died before it could say. */
  instance_id: string | null;
  ready_at: number | null;
  ended_at: number | null;
  /** `killed` by a signal of ours, `stopped` in order, `rehearsed` by a failpoint. */
  ending: "killed" | "stopped" | "rehearsed" | null;
  readonly hits: FailpointHit[];
  errors_logged: number;
};

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** A place where `orca serve` is started, killed and started again over the same data. */
export class ChaosNode {
  readonly lives: NodeLife[] = [];
  readonly #environment: Readonly<Record<string, string>>;
  readonly #log: WriteStream;
  #child: Child | null = null;
  #ended: Promise<void> = Promise.resolve();
  #ready = Promise.withResolvers<string>();
  #hit = Promise.withResolvers<void>();
  #asked: "killed" | "stopped" | null = null;
  #failure: Error | null = null;

  constructor(environment: Readonly<Record<string, string>>, logFile: string) {
    this.#environment = environment;
    this.#log = createWriteStream(logFile, { flags: "a" });
    process.on("exit", () => this.#child?.kill("SIGKILL"));
  }

  /** Where the node answers; waits for the next start while it is down. */
  url(): Promise<string> {
    return this.#ready.promise;
  }

  get alive(): boolean {
    return this.#child !== null;
  }

  /** How this life ends, from the outside: the process is gone. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  /** Resolves when the next failpoint announces itself. */
  get hit(): Promise<void> {
    return this.#hit.promise;
  }

  get life(): NodeLife {
    const life = this.lives.at(-1);
    if (!life) throw new Error("the node was never started");
    return life;
  }

  /** The node must never end by itself. Throws when it has. */
  assertSound(): void {
    if (this.#failure) throw this.#failure;
  }

  /** Starts a process; `ORCA_FAILPOINTS` gets `failpoints`. Does not wait until it is ready. */
  launch(failpoints = ""): void {
    if (this.#child) throw new Error("the node is running already");
    const child = spawn(process.execPath, [PROGRAM, "serve", "--json", "--log-level", "warn"], {
      env: { ...this.#environment, ...(failpoints && { ORCA_FAILPOINTS: failpoints }) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const life: NodeLife = {
      started_at: Date.now(),
      instance_id: null,
      ready_at: null,
      ended_at: null,
      ending: null,
      hits: [],
      errors_logged: 0,
    };
    this.lives.push(life);
    this.#child = child;
    this.#asked = null;
    this.#hit = Promise.withResolvers();
    createInterface(child.stdout).on("line", (line) => this.#heard(life, line));
    createInterface(child.stderr).on("line", (line) => this.#logged(life, line));
    this.#ended = once(child, "close").then(([code, signal]) =>
      this.#over(life, { code: code as number | null, signal: signal as NodeJS.Signals | null }),
    );
  }

  /** Starts a process and waits until it is ready, or has ended or met a failpoint before. */
  async start(failpoints = ""): Promise<void> {
    this.launch(failpoints);
    await Promise.race([this.#ready.promise, this.#ended, this.#hit.promise]);
    this.assertSound();
  }

  /** `kill -9`; resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#asked ??= "killed";
    this.#child?.kill("SIGKILL");
    await this.#ended;
    this.assertSound();
  }

  /** An orderly stop; throws when it is not one. */
  async stop(): Promise<void> {
    this.#asked = "stopped";
    this.#child?.kill("SIGTERM");
    await this.#ended;
    this.assertSound();
  }

  /** Leaves nothing behind, whatever state it is in. */
  async remove(): Promise<void> {
    this.#asked = "killed";
    this.#child?.kill("SIGKILL");
    await this.#ended;
    this.#log.end();
  }

  #heard(life: NodeLife, line: string): void {
    const said = JSON.parse(line) as { type: string; url: string; instance_id: string };
    if (said.type !== "ready") return;
    life.instance_id = said.instance_id;
    life.ready_at = Date.now();
    this.#ready.resolve(said.url);
  }

  #logged(life: NodeLife, line: string): void {
    this.#log.write(`${line}\n`);
    if (!line.startsWith("{")) return;
    const said = JSON.parse(line) as { level: string } & Partial<FailpointHit>;
    if (said.level === "error") life.errors_logged += 1;
    const { failpoint, hit, rehearsal } = said;
    if (failpoint === undefined || hit === undefined || rehearsal === undefined) return;
    life.hits.push({ failpoint, hit, rehearsal });
    this.#hit.resolve();
    this.#hit = Promise.withResolvers();
  }

  #over(life: NodeLife, { code, signal }: { code: number | null; signal: NodeJS.Signals | null }): void {
    this.#child = null;
    if (life.ready_at !== null) this.#ready = Promise.withResolvers();
    life.ended_at = Date.now();
    if (this.#asked === "killed") life.ending = "killed";
    else if (this.#asked === "stopped" && code === 0) life.ending = "stopped";
    else if (signal === "SIGKILL" && life.hits.some(({ rehearsal }) => rehearsal === "kill"))
      life.ending = "rehearsed";
    else {
      const how = this.#asked === "stopped" ? "did not stop in order" : "ended by itself";
      this.#failure ??= provenWrong("node_stays_up", `the node ${how}: code ${code}, signal ${signal}`);
    }
  }
}
