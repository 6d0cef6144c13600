import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

const PROGRAM = join(import.meta.dirname, "fake-provider.ts");

export type ProviderOptions = {
  /** The file that becomes the referee's record. */
  readonly referee: string;
  readonly seed: string;
  /** Milliseconds that an answer takes. */
  readonly latency: { readonly min: number; readonly max: number };
};

/** The fake provider's process: it lives through all the kills of the nodes. */
export class ProviderProcess {
  /**
   * Its address without the path of the API: `/v1` answers as the seed says, `/faults/<number>-<name>/v1` with that
   * fault, `/null/v1` at once, with as little as can be and without the referee.
   */
  readonly origin: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>, origin: string) {
    this.#child = child;
    this.origin = origin;
  }

  static async start({ referee, seed, latency }: ProviderOptions): Promise<ProviderProcess> {
    const flags = [`--referee=${referee}`, `--seed=${seed}`];
    flags.push(`--latency-min=${latency.min}`, `--latency-max=${latency.max}`);
    const child = spawn(process.execPath, [PROGRAM, ...flags], { stdio: ["pipe", "pipe", "inherit"] });
    const early = once(child, "exit").then(([code]) =>
      Promise.reject(new Error(`the fake provider ended with ${code}`)),
    );
    const [line] = (await Promise.race([once(createInterface(child.stdout), "line"), early])) as [string];
    early.catch(() => undefined); // from here on its end is looked at by `stop`
    return new ProviderProcess(child, (JSON.parse(line) as { origin: string }).origin);
  }

  /** Resolves when its record is complete. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) throw new Error("the fake provider ended before it was stopped");
    const ended = once(this.#child, "exit");
    this.#child.stdin.end();
    const [code] = (await ended) as [number | null];
    if (code !== 0) throw new Error(`the fake provider ended with ${code}`);
  }

  /** Leaves nothing behind, whatever state it is in. */
  kill(): void {
    if (this.#child.exitCode === null) this.#child.kill("SIGKILL");
  }
}
