import { readFileSync } from "node:fs";

/** Milliseconds per tick of the counters in /proc: Linux counts 100 to the second. */
const TICK_MS = 10;

/** CPU time of a process, of its children that live, and of those that ended, in milliseconds. */
export function treeCpuMs(pid: number): number {
  const own = ticksOf(pid);
  return (
    (own.self + own.ended + childrenOf(pid).reduce((sum, child) => sum + ticksOf(child).self, 0)) * TICK_MS
  );
}

function childrenOf(pid: number): number[] {
  return readProc(`/proc/${pid}/task/${pid}/children`)
    .split(" ")
    .filter((word) => word.trim() !== "")
    .map(Number);
}

function ticksOf(pid: number): { self: number; ended: number } {
  const text = readProc(`/proc/${pid}/stat`);
  // The command's name is in brackets and may hold blanks.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const at = (index: number): number => Number(fields[index] ?? 0);
  return { self: at(11) + at(12), ended: at(13) + at(14) };
}

/** Empty when the process has ended meanwhile. */
function readProc(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (
      (error as NodeJS.ErrnoException).code === "ENOENT" ||
      (error as NodeJS.ErrnoException).code === "ESRCH"
    )
      return "";
    throw error;
  }
}

/** Memory of this process with nothing left to collect. Needs --expose-gc. */
export function settledMemory(): { heap: number; rss: number } {
  if (globalThis.gc === undefined) throw new Error("memory is measured with --expose-gc only");
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed, rss };
}
