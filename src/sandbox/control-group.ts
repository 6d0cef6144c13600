import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { isAlive } from "./process-tree.ts";

/** Limits that the kernel keeps, for all processes of one command together. */
export type ControlGroup = {
  /** A process joins by writing its id to `cgroup.procs` in each. */
  readonly directories: readonly string[];
  /** Whether the kernel has ended something for want of memory. */
  ranOutOfMemory(): boolean;
  /** Once nothing is left in it. */
  remove(): Promise<void>;
};

type Limits = { readonly memory_bytes: number; readonly processes: number };

const ROOT = "/sys/fs/cgroup";
const PREFIX = "ts-orca-";

/** Null where this process may make none: then somebody has to watch. Source: cgroups(7). */
export function createControlGroup(limits: Limits): ControlGroup | null {
  const name = `${PREFIX}${process.pid}-${randomUUID()}`;
  const made: string[] = [];
  try {
    const directories = existsSync(join(ROOT, "cgroup.controllers"))
      ? [unified(name, limits, made)]
      : separate(name, limits, made);
    return {
      directories,
      ranOutOfMemory: () => directories.some(hasKilled),
      remove: async () => {
        for (const directory of directories) await removeGroup(directory);
      },
    };
  } catch {
    for (const directory of made) removeIfEmpty(directory);
    return null; // Not delegated to this user, as in most containers.
  }
}

/** Groups of servers that did not get to remove theirs. */
export function removeAbandonedGroups(): void {
  for (const parent of new Set([...parents("pids"), ...parents("memory"), ...parents("")]))
    for (const name of namesIn(parent)) {
      const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
      if (owner !== undefined && !isAlive(Number(owner))) removeIfEmpty(join(parent, name));
    }
}

function separate(name: string, limits: Limits, made: string[]): readonly string[] {
  const pids = makeGroup("pids", name, made);
  writeFileSync(join(pids, "pids.max"), String(limits.processes));
  const memory = makeGroup("memory", name, made);
  writeFileSync(join(memory, "memory.limit_in_bytes"), String(limits.memory_bytes));
  return [pids, memory];
}

function unified(name: string, limits: Limits, made: string[]): string {
  const group = makeGroup("", name, made);
  writeFileSync(join(group, "pids.max"), String(limits.processes));
  writeFileSync(join(group, "memory.max"), String(limits.memory_bytes));
  if (existsSync(join(group, "memory.swap.max"))) writeFileSync(join(group, "memory.swap.max"), "0");
  return group;
}

function makeGroup(controller: string, name: string, made: string[]): string {
  let refusal: unknown;
  for (const parent of parents(controller)) {
    const group = join(parent, name);
    try {
      mkdirSync(group);
      made.push(group);
      // The unified hierarchy shows a limit only where the parent hands the controller down.
      if (controller !== "" || existsSync(join(group, "pids.max"))) return group;
      removeIfEmpty(group);
    } catch (error) {
      refusal = error;
    }
  }
  throw new Error(`no control group for ${controller} can be made here`, { cause: refusal });
}

/** Below the group of this process, or beside it, where systemd delegates with a subgroup. */
function parents(controller: string): readonly string[] {
  const line = readFileSync("/proc/self/cgroup", "utf8")
    .split("\n")
    .map((text) => text.split(":"))
    .find(([, controllers]) => controllers?.split(",").includes(controller));
  if (line === undefined) return [];
  const own = join(ROOT, controller, line.slice(2).join(":"));
  return controller === "" ? [own, dirname(own)] : [own];
}

function hasKilled(directory: string): boolean {
  const file = ["memory.events", "memory.oom_control"].map((name) => join(directory, name)).find(existsSync);
  return file !== undefined && /^oom_kill [1-9]/m.test(readFileSync(file, "utf8"));
}

/** The kernel takes a moment to forget the last process. */
async function removeGroup(directory: string): Promise<void> {
  for (let tries = 0; tries < 200 && !removeIfEmpty(directory); tries += 1) await delay(2);
}

function removeIfEmpty(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
