import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

import { provenWrong } from "./proven-wrong.ts";

/** More than a node allows itself: what runs gets 15 s, and 5 s later it ends whatever hangs. */
const STOP_MS = 30_000;

/** What a node runs. */
export type Program = {
  /** Tells lives apart in the figures. */
  readonly version: string;
  /** The command line's main file. */
  readonly file: string;
  /** A module that is loaded before it; null loads none. */
  readonly preload: URL | null;
};

/** The sources beside this test. */
export const OURS: Program = {
  version: "ours",
  file: join(import.meta.dirname, "../../src/cli/main.ts"),
  preload: null,
};

/** A rehearsed failure that the node has announced. */
export type FailpointHit = { readonly failpoint: string; readonly hit: number; readonly rehearsal: string };

/** One life of the node, from its start to its end. Times are milliseconds since the epoch. */
export type NodeLife = {
  /** Which node of the installation lived it, from 1. */
  readonly node: number;
  /** Of the program that it ran. */
  readonly version: string;
  readonly started_at: number;
  /** Names the process in the journal; null when it died before it could say. */
  instance_id: string | null;
  ready_at: number | null;
  /** When the signal that ended it was sent; null when the end came from within. */
  killed_at: number | null;
  ended_at: number | null;
  /** Times in which it stood still, stopped by a signal of ours. */
  readonly suspensions: { readonly from: number; to: number | null }[];
  /** `killed` by a signal of ours, `stopped` in order, `rehearsed` by a failpoint. */
  ending: "killed" | "stopped" | "rehearsed" | null;
  readonly hits: FailpointHit[];
  errors_logged: number;
  /** How often its clock jumped. What the process calls a time means nothing then. */
  clock_jumps: number;
  /** The most memory that it was seen to hold. */
  peak_rss_bytes: number;
};

export type NodeOptions = {
  readonly number: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
};

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** A place where `orca serve` is started, killed and started again over the same data. */
export class ChaosNode {
  readonly lives: NodeLife[] = [];
  readonly number: number;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #log: WriteStream;
  #program = OURS;
  #child: Child | null = null;
  #ended: Promise<void> = Promise.resolve();
  #ready = Promise.withResolvers<string>();
  #hit = Promise.withResolvers<void>();
  #asked: "killed" | "stopped" | null = null;
  #failure: Error | null = null;
  readonly #onExit = (): void => {
    this.#child?.kill("SIGKILL");
  };

  constructor({ number, environment, logFile }: NodeOptions) {
    this.number = number;
    this.#environment = environment;
    this.#log = createWriteStream(logFile, { flags: "a" });
    process.on("exit", this.#onExit);
  }

  /** Where the node answers; waits for the next start while it is down. */
  url(): Promise<string> {
    return this.#ready.promise;
  }

  get alive(): boolean {
    return this.#child !== null;
  }

  /** Whether its present life has said where it answers. It may stand still all the same. */
  get ready(): boolean {
    return this.alive && this.life.ready_at !== null;
  }

  /** Null while it is down. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
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

  /** What starts from now on runs this. */
  install(program: Program): void {
    this.#program = program;
  }

  /** Starts a process; `ORCA_FAILPOINTS` gets `failpoints`. Does not wait until it is ready. */
  launch(failpoints = ""): void {
    if (this.#child) throw new Error("the node is running already");
    const { file, preload, version } = this.#program;
    const flags = preload === null ? [] : ["--import", preload.href];
    const child = spawn(process.execPath, [...flags, file, "serve", "--json", "--log-level", "warn"], {
      env: { ...this.#environment, ...(failpoints && { ORCA_FAILPOINTS: failpoints }) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const life: NodeLife = {
      node: this.number,
      version,
      started_at: Date.now(),
      instance_id: null,
      ready_at: null,
      killed_at: null,
      ended_at: null,
      suspensions: [],
      ending: null,
      hits: [],
      errors_logged: 0,
      clock_jumps: 0,
      peak_rss_bytes: 0,
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
    if (this.#child) this.life.killed_at ??= Date.now();
    this.#child?.kill("SIGKILL");
    await this.#ended;
    this.assertSound();
  }

  /** SIGSTOP: the process keeps its connections and does nothing. */
  suspend(): void {
    if (!this.#child) throw new Error("the node is down");
    this.#child.kill("SIGSTOP");
    this.life.suspensions.push({ from: Date.now(), to: null });
  }

  /** SIGCONT. */
  wake(): void {
    const last = this.life.suspensions.at(-1);
    if (!this.#child || !last) throw new Error("the node does not stand still");
    this.#child.kill("SIGCONT");
    last.to = Date.now();
  }

  /** An orderly stop; throws when it is not one. */
  async stop(): Promise<void> {
    this.#asked = "stopped";
    this.#child?.kill("SIGTERM");
    const late = setTimeout(() => {
      const detail = `the node has not stopped ${STOP_MS / 1000} s after it was asked to`;
      this.#failure ??= provenWrong("node_stops_in_time", detail);
      this.#child?.kill("SIGKILL");
    }, STOP_MS);
    await this.#ended;
    clearTimeout(late);
    this.assertSound();
  }

  /** Leaves nothing behind, whatever state it is in. */
  async remove(): Promise<void> {
    this.#asked = "killed";
    this.#child?.kill("SIGKILL");
    await this.#ended;
    process.off("exit", this.#onExit);
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
    const said = JSON.parse(line) as { level: string; clock_is_off_ms?: number } & Partial<FailpointHit>;
    if (said.level === "error") life.errors_logged += 1;
    if (said.clock_is_off_ms !== undefined) life.clock_jumps += 1;
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
