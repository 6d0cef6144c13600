import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { type SandboxCommand, type SandboxResult, USUAL_LIMITS } from "../ports/sandbox.ts";
import { checkedEnvironment, searchPath } from "./jail-arguments.ts";
import { kill } from "./process-tree.ts";
import { endOf, supervise } from "./supervise.ts";

/** On the host itself, with nothing in its way but the time, the length of a file and a clean environment. */
export async function runUnsafe(command: SandboxCommand): Promise<SandboxResult> {
  const limits = { ...USUAL_LIMITS, ...command.limits };
  const place = await mkdtemp(join(tmpdir(), "ts-orca-unsafe-"));
  const env = {
    PATH: searchPath(dirname(process.execPath)),
    HOME: place,
    TMPDIR: place,
    LANG: "C.UTF-8",
    ...checkedEnvironment(command.env ?? {}),
  };
  const script = `exec 2>&1; ulimit -c 0; ulimit -f ${Math.max(1, Math.floor(limits.file_bytes / 1024))}
exec "$BASH" -c "$1"`;
  try {
    const child = spawn("bash", ["--norc", "-c", script, "unsafe", command.command], {
      cwd: command.directory,
      env,
      detached: true,
      stdio: ["ignore", "pipe", "ignore"],
    });
    const end = (): void => {
      if (child.pid !== undefined) killAll(child.pid, place);
    };
    // What it has left running would keep its output open.
    child.once("exit", end);
    const { code, stopped, output, duration_ms } = await supervise({
      child,
      limits,
      signal: command.signal,
      kill: end,
    });
    if (stopped !== null) return { exit_code: null, ended_by: stopped, output, duration_ms };
    return { ...endOf(code), output, duration_ms };
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** The group, and on Linux whoever has left it but still carries the private place in its environment. */
function killAll(group: number, place: string): void {
  kill(-group);
  if (process.platform !== "linux") return;
  for (const pid of readdirSync("/proc").map(Number).filter(Number.isInteger))
    if (environmentOf(pid).includes(place)) kill(pid);
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    return ""; // It has ended, or belongs to somebody else.
  }
}
