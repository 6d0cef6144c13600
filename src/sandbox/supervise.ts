import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { performance } from "node:perf_hooks";

import type { SandboxLimits } from "../ports/sandbox.ts";
import { KeptOutput } from "./kept-output.ts";

export type Supervision = {
  readonly child: ChildProcess;
  readonly limits: SandboxLimits;
  readonly signal: AbortSignal;
  /** Ends the whole tree, also when parts of it are gone. */
  readonly kill: () => void;
};

export type Supervised = {
  readonly code: number | null;
  readonly stopped: "timeout" | "abort" | null;
  readonly output: string;
  readonly duration_ms: number;
};

/** Follows a process to its end or to the end of its time; what it prints is read from its standard output alone. */
export async function supervise({ child, limits, signal, kill }: Supervision): Promise<Supervised> {
  const started = performance.now();
  const kept = new KeptOutput(limits.output_bytes);
  let stopped: Supervised["stopped"] = null;
  child.stdout?.on("data", (chunk: Buffer) => {
    kept.push(chunk);
  });
  const stop = (why: "timeout" | "abort"): void => {
    stopped ??= why;
    kill();
  };
  const abort = (): void => {
    stop("abort");
  };
  const timer = setTimeout(stop, limits.time_ms, "timeout");
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    const [code] = (await once(child, "close")) as [number | null];
    return { code, stopped, output: kept.text(), duration_ms: Math.round(performance.now() - started) };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

/** A shell tells the end by a signal as 128 and its number, and so does bubblewrap. */
export function endOf(code: number | null): {
  readonly exit_code: number | null;
  readonly ended_by: "exit" | "signal";
} {
  const bySignal = code === null || (code > 128 && code <= 192);
  return bySignal ? { exit_code: null, ended_by: "signal" } : { exit_code: code, ended_by: "exit" };
}
