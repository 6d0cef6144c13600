import { rmSync, statSync } from "node:fs";
import { isAbsolute } from "node:path";

import type { Logger } from "../ports/logger.ts";
import {
  type Sandbox,
  type SandboxCommand,
  type SandboxHealth,
  type SandboxResult,
  SandboxUnavailableError,
} from "../ports/sandbox.ts";
import { createControlGroup, removeAbandonedGroups } from "./control-group.ts";
import { makeDevices } from "./devices.ts";
import { findProgram, USUAL_HOST_PATH } from "./find-program.ts";
import { adviceForLinux, selfTest } from "./health-check.ts";
import { isOfTheSystem, nodePrograms } from "./jail-arguments.ts";
import { type BubblewrapHost, runInBubblewrap } from "./run-in-bubblewrap.ts";
import { closeSeatbelt, runInSeatbelt } from "./run-in-seatbelt.ts";
import { runUnsafe } from "./run-unsafe.ts";
import { seccompFilter } from "./seccomp-filter.ts";

export type SandboxSettings = {
  readonly mode: "auto" | "unsafe";
  readonly logger: Logger;
  /** Where bwrap, bash and socat of this machine are looked for, as in PATH. */
  readonly hostPath?: string;
  /** The most that `network` of a command can open: host names, with `:port` for ports besides 80 and 443. */
  readonly allowedHosts?: readonly string[];
};

/** One way to run things; `run` is for commands that are fit to be run. */
type Backend = {
  readonly health: SandboxHealth;
  readonly run: (command: SandboxCommand) => Promise<SandboxResult>;
  readonly close: () => Promise<void>;
};

/**
 * Runs what models have written. Call it from the main thread: the kernel ends a sandbox with the thread that started
 * it.
 */
export function createSandbox(settings: SandboxSettings): Sandbox {
  const closing = new AbortController();
  const running = new Set<Promise<unknown>>();
  let opening: Promise<Backend> | null = null;
  const backend = async (): Promise<Backend> => {
    opening ??= open(settings);
    const opened = await opening;
    if (!opened.health.available) opening = null;
    return opened;
  };
  const runOne = async (command: SandboxCommand): Promise<SandboxResult> => {
    const { health, run } = await backend();
    if (!health.available) throw new SandboxUnavailableError(health.reason, health.install);
    const signal = AbortSignal.any([command.signal, closing.signal]);
    checkCommand(command);
    if (signal.aborted) return { exit_code: null, ended_by: "abort", output: "", duration_ms: 0 };
    return await run({ ...command, signal });
  };
  return {
    health: async () => (await backend()).health,
    run: async (command) => {
      const run = runOne(command);
      running.add(run);
      try {
        return await run;
      } finally {
        running.delete(run);
      }
    },
    close: async () => {
      closing.abort();
      await Promise.allSettled(running);
      await (await opening)?.close();
    },
  };
}

/** Never rejects. */
async function open(settings: SandboxSettings): Promise<Backend> {
  if (settings.mode === "unsafe") return openUnsafe(settings.logger);
  const advice = process.platform === "linux" ? adviceForLinux() : "Run the server on Linux or macOS.";
  try {
    if (process.platform === "linux") return await openBubblewrap(settings, advice);
    if (process.platform === "darwin") return await openSeatbelt(settings);
    return unavailable(`There is no sandbox for ${process.platform}.`, advice);
  } catch (error) {
    const install = error instanceof SandboxUnavailableError ? error.install : advice;
    const message = error instanceof Error ? error.message.replace(` ${install}`, "") : String(error);
    return unavailable(`The sandbox can't be set up: ${message}`, install);
  }
}

function unavailable(reason: string, install: string): Backend {
  return {
    health: { available: false, reason, install },
    run: () => Promise.reject(new SandboxUnavailableError(reason, install)),
    close: () => Promise.resolve(),
  };
}

function openUnsafe(logger: Logger): Backend {
  const message =
    "sandbox: unsafe is set: what models write runs on this machine, with the rights of the server. Use it nowhere but in a machine that may be lost.";
  logger.warn({}, message);
  return {
    health: { available: true, kind: "unsafe", message },
    run: runUnsafe,
    close: () => Promise.resolve(),
  };
}

async function openBubblewrap(settings: SandboxSettings, install: string): Promise<Backend> {
  const path = settings.hostPath ?? USUAL_HOST_PATH;
  const [bwrap, bash, cat, socat] = ["bwrap", "bash", "cat", "socat"].map((name) => findProgram(name, path));
  if (bwrap == null || bash == null || cat == null)
    return unavailable("bubblewrap (bwrap) or bash is missing.", install);
  const filter = seccompFilter(process.arch);
  if (filter === null) return unavailable(`There is no filter of system calls for ${process.arch}.`, install);
  removeAbandonedGroups();
  const devices = makeDevices(findProgram("mknod", path));
  const close = (): Promise<void> => {
    if (devices !== null) rmSync(devices.directory, { recursive: true, force: true });
    return Promise.resolve();
  };
  const host: BubblewrapHost = {
    bash,
    bwrap,
    cat,
    socat: socat ?? null,
    filter,
    devices,
    install,
    programs: [...nodePrograms(), ...[bash, socat ?? bash].filter((file) => !isOfTheSystem(file))],
    allowedHosts: settings.allowedHosts ?? [],
    controlGroups: await canLimit(),
  };
  try {
    const fault = await selfTest((command) => runInBubblewrap(host, command));
    if (fault === null)
      return {
        health: { available: true, kind: "bubblewrap", message: messageOf(host) },
        run: (command) => runInBubblewrap(host, command),
        close,
      };
    await close();
    return unavailable(fault, install);
  } catch (error) {
    await close();
    throw error;
  }
}

function messageOf(host: BubblewrapHost): string | null {
  const said = [
    ...(host.controlGroups
      ? []
      : ["No control group can be made here: memory and processes are watched ten times a second instead."]),
    ...(process.getuid?.() === 0 ? ["The server runs as root; run it as a user of its own."] : []),
  ];
  return said.length === 0 ? null : said.join(" ");
}

/** One try for all: where it fails once it fails always. */
async function canLimit(): Promise<boolean> {
  const group = createControlGroup({ memory_bytes: 1024 ** 3, processes: 16 });
  await group?.remove();
  return group !== null;
}

async function openSeatbelt(settings: SandboxSettings): Promise<Backend> {
  const run = (command: SandboxCommand): Promise<SandboxResult> =>
    runInSeatbelt(command, settings.allowedHosts ?? []);
  const fault = await selfTest(run);
  if (fault !== null) return unavailable(fault, "Install ripgrep (brew install ripgrep).");
  return { health: { available: true, kind: "seatbelt", message: null }, run, close: closeSeatbelt };
}

function checkCommand({ command, directory }: SandboxCommand): void {
  if (command.includes("\0")) throw new TypeError("A command can't hold a NUL character. Leave it out.");
  if (!isAbsolute(directory) || statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new TypeError(`${directory} is no directory to run in. Make it before.`);
}
