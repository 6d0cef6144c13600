import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";

import { type Frame, readFrames } from "../../src/cli/sse.ts";
import { childEnvironment } from "../child-environment.ts";

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts");

type CommandEnd = { readonly code: number | null; readonly stdout: string; readonly stderr: string };
type Ready = { readonly url: string; readonly pid: number };
export type Json = Record<string, unknown>;

/** `orca serve` as its own process, to be killed and started again over the same data. */
export class OrcaProcess {
  readonly directory: string;
  readonly #environment: NodeJS.ProcessEnv;
  #child: ChildProcess | null = null;
  #url = "";

  private constructor(directory: string, environment: NodeJS.ProcessEnv) {
    this.directory = directory;
    this.#environment = environment;
  }

  /** A data directory with one configured provider, `fake`, at `modelUrl`; `settings` are further lines of orca.yaml. */
  static async prepare(
    modelUrl: string,
    database: string | null,
    settings: readonly string[] = [],
  ): Promise<OrcaProcess> {
    const directory = await mkdtemp(join(tmpdir(), "orca-e2e-"));
    const config = join(directory, "orca.yaml");
    await writeFile(
      config,
      [
        `data_dir: ${directory}`,
        ...(database === null ? [] : [`database: ${database}`]),
        "workflow: { default_model: fake/m1 }",
        `providers: [{ name: fake, kind: openai-compatible, base_url: "${modelUrl}" }]`,
        ...settings,
      ].join("\n"),
    );
    return new OrcaProcess(directory, { ...childEnvironment(), ORCA_CONFIG: config, ORCA_PORT: "0" });
  }

  /** Another node on the data directory and configuration of this one. */
  sibling(): OrcaProcess {
    return new OrcaProcess(this.directory, this.#environment);
  }

  /** Where it answers since it was last started. */
  get url(): string {
    return this.#url;
  }

  /** Another command line over the same configuration, run to its end. */
  async command(...args: readonly string[]): Promise<CommandEnd> {
    const options = { env: this.#environment, cwd: this.directory };
    const child = spawn(process.execPath, [MAIN, ...args], { ...options, stdio: ["ignore", "pipe", "pipe"] });
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "close") as Promise<[number | null]>,
    ]);
    return { code, stdout, stderr };
  }

  async start(...args: readonly string[]): Promise<void> {
    const serve = [MAIN, "serve", "--json", "--log-level", "warn", ...args];
    const child = spawn(process.execPath, serve, {
      env: this.#environment,
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#child = child;
    const lines = createInterface({ input: child.stdout });
    const [first] = (await Promise.race([
      once(lines, "line"),
      once(child, "exit").then(([code]) => Promise.reject(new Error(`orca serve ended with ${code}`))),
    ])) as [string];
    this.#url = (JSON.parse(first) as Ready).url;
  }

  async kill(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<number | null> {
    const child = this.#child;
    if (!child || child.exitCode !== null) return null;
    const ended = once(child, "exit") as Promise<[number | null]>;
    child.kill(signal);
    return (await ended)[0];
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }

  async post(path: string, body?: Json): Promise<{ status: number; body: Json }> {
    const response = await fetch(`${this.#url}/api/v1${path}`, {
      method: "POST",
      ...(body === undefined
        ? {}
        : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Json };
  }

  async get(path: string): Promise<Json> {
    const response = await fetch(`${this.#url}/api/v1${path}`);
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as Json;
  }

  /** Reads a workflow's stream after `lastId` until `until` is met or the server ends it. */
  async follow(id: string, lastId: number, until: (frame: Frame) => boolean): Promise<Frame[]> {
    const stop = new AbortController();
    const response = await fetch(`${this.#url}/api/v1/workflows/${id}/stream`, {
      headers: lastId > 0 ? { "last-event-id": String(lastId) } : {},
      signal: stop.signal,
    });
    if (response.status === 204 || !response.body) return [];
    const frames: Frame[] = [];
    for await (const frame of readFrames(response.body)) {
      frames.push(frame);
      if (until(frame)) break;
    }
    stop.abort();
    return frames;
  }

  /** Resolves when an event of that type (and step) stands in the journal. */
  async reached(id: string, type: string, step: string | null = null): Promise<void> {
    await this.follow(id, 0, (frame) => {
      const event = JSON.parse(frame.data) as Json;
      return event["type"] === type && (step === null || event["step_id"] === step);
    });
  }

  async events(id: string): Promise<Json[]> {
    const events: Json[] = [];
    for (let after = 0; ;) {
      const page = await this.get(`/workflows/${id}/events?after=${after}&limit=7`);
      events.push(...(page["data"] as Json[]));
      if (page["next_cursor"] === null) return events;
      after = Number(page["next_cursor"]);
    }
  }
}
