import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** The name of a directory that this process makes: who owns it can be told from it after a crash. */
export function ownedName(): string {
  return [hostKey(), process.pid, startOf(process.pid) ?? 0, randomBytes(8).toString("hex")].join("-");
}

const OWNED = /^([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]{16}$/;

/** `unknown` for what another machine or container made, and for what is no such directory. */
export function ownerOf(name: string): "alive" | "dead" | "unknown" {
  const found = OWNED.exec(name);
  if (found === null || found[1] !== hostKey()) return "unknown";
  const start = startOf(Number(found[2]));
  return start !== null && start === Number(found[3]) ? "alive" : "dead";
}

function hostKey(): string {
  return createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
}

/**
 * When a process began, in ticks since the machine did, so that a number that was given out again is not taken for the
 * old process; 0 where only its being there can be told, null when it is not.
 */
function startOf(pid: number): number | null {
  if (process.platform !== "linux") return isThere(pid) ? 0 : null;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field is the name in brackets, which may hold anything.
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  } catch {
    return null;
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
