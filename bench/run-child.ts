import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import type { CaseRequest, FromChild, Measurements, ToChild } from "./case.ts";

const CHILD = fileURLToPath(new URL("./child.ts", import.meta.url));
const CLOSING_MS = 10_000;

export type ChildSettings = {
  readonly timeoutMs: number;
  /** Library that is loaded before all others, to make the disk slow, with its environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly profile: string | null;
  readonly signal: AbortSignal;
};

export type MeasuringChild = {
  readonly process: ChildProcess;
  /** Resolves when the child says so; rejects when it ends before. */
  readonly ready: Promise<void>;
  readonly tell: (message: ToChild) => void;
  /** Resolves to the measurements once the process has ended; rejects with what it said when it had none. */
  readonly ended: Promise<Measurements>;
};

/** Starts the process of one case. */
export function startChild(request: CaseRequest, settings: ChildSettings): MeasuringChild {
  const { profile, environment, signal } = settings;
  const execArgv = ["--expose-gc", "--no-warnings"];
  if (profile !== null) execArgv.push("--cpu-prof", `--cpu-prof-dir=${profile}`);
  const child = fork(CHILD, [JSON.stringify(request)], {
    execArgv,
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    env: { ...process.env, ...environment },
    signal,
    killSignal: "SIGKILL",
  });
  const ended = outcomeOf(child, settings.timeoutMs);
  const ready = readinessOf(child, ended);
  // Most parents wait for the end alone, and some kill the child on purpose.
  ready.catch(() => undefined);
  ended.catch(() => undefined);
  return { process: child, ready, ended, tell: (message) => void child.send(message) };
}

/** Ends the child as a crash would, and resolves when it is gone. */
export async function killChild(child: MeasuringChild): Promise<void> {
  const gone = once(child.process, "exit");
  child.process.kill("SIGKILL");
  await gone;
}

function readinessOf(child: ChildProcess, ended: Promise<Measurements>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  child.on("message", (message: FromChild) => {
    if (message.type === "ready") resolve();
  });
  return Promise.race([promise, ended.then(() => undefined)]);
}

async function outcomeOf(child: ChildProcess, timeoutMs: number): Promise<Measurements> {
  let said = "";
  let measured: Measurements | null = null;
  child.stderr?.on("data", (data: Buffer) => {
    said = (said + data.toString()).slice(-2000);
  });
  let timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  child.on("message", (message: FromChild) => {
    if (message.type !== "measured") return;
    ({ measured } = message);
    clearTimeout(timer);
    timer = setTimeout(() => child.kill("SIGKILL"), CLOSING_MS);
  });
  try {
    const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
    if (measured !== null) return measured;
    throw new Error(`ended with ${signal ?? code} before it had measured: ${said.trim()}`);
  } finally {
    clearTimeout(timer);
  }
}
