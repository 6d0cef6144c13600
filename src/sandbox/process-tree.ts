import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

export type TreeUse = { readonly tasks: number; readonly memory_bytes: number };

/** Processes below this one, by proc(5); those that end meanwhile are left out. */
function processesBelow(root: number): readonly number[] {
  const found: number[] = [];
  const open = [root];
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    found.push(pid);
    for (const task of tasksOf(pid)) {
      const children = readOrEmpty(`/proc/${pid}/task/${task}/children`);
      open.push(...children.split(" ").filter(Boolean).map(Number));
    }
  }
  return found;
}

/** Threads, and memory that is no file's; shared memory counts once for each process that has it. */
export function useOf(root: number): TreeUse {
  let tasks = 0;
  let kilobytes = 0;
  for (const pid of processesBelow(root)) {
    tasks += tasksOf(pid).length;
    for (const [, size] of readOrEmpty(`/proc/${pid}/status`).matchAll(/^Rss(?:Anon|Shmem):\s+(\d+) kB$/gm))
      kilobytes += Number(size);
  }
  return { tasks, memory_bytes: kilobytes * 1024 };
}

/** Tells a process from a later one with the same number. Null when there is none or only its remains. */
export function birthOf(pid: number): string | null {
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  // The name, in parentheses, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (stat === "" || fields[0] === "Z" || fields[0] === "X") return null;
  return fields[19] ?? null;
}

/** The init of a pid namespace is last to go: then nothing of it is left. */
export async function waitUntilGone(pid: number, birth: string | null): Promise<void> {
  if (birth === null) return;
  while (birthOf(pid) === birth) await delay(1);
}

/** A process may be gone already. */
export function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function tasksOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return []; // It has ended.
  }
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // Its process has ended.
  }
}
