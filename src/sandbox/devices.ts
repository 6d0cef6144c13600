import { execFileSync } from "node:child_process";
import { chownSync, closeSync, mkdtempSync, openSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { isAlive } from "./process-tree.ts";

const PREFIX = "ts-orca-devices-";
/** Major and minor numbers, of the kernel's `admin-guide/devices.txt`. */
const NUMBERS = {
  null: ["1", "3"],
  zero: ["1", "5"],
  full: ["1", "7"],
  random: ["1", "8"],
  urandom: ["1", "9"],
  tty: ["5", "0"],
} as const;
const NOBODY = 65_534;

/** Device nodes to lay over those of the host. */
export type Devices = { readonly directory: string; readonly names: readonly string[] };

/**
 * For a server that owns the machine's own devices, which is one that runs as root: a command, which has its user
 * outside, could change their mode for everybody, and bubblewrap can't bind a device read-only. Null where it has not.
 */
export function makeDevices(mknod: string | null): Devices | null {
  if (statSync("/dev/null").uid !== process.getuid?.()) return null;
  if (mknod === null) throw new Error("mknod of coreutils is missing.");
  let refusal: unknown;
  for (const parent of new Set([tmpdir(), "/var/tmp", "/run"])) {
    removeAbandoned(parent);
    const directory = mkdtempSync(join(parent, `${PREFIX}${process.pid}-`));
    try {
      for (const [name, number] of Object.entries(NUMBERS)) {
        const node = join(directory, name);
        execFileSync(mknod, ["--mode=666", node, "c", ...number], { env: {}, stdio: "pipe" });
        chownSync(node, NOBODY, NOBODY);
      }
      closeSync(openSync(join(directory, "null"), "r")); // Refused on a file system without devices.
      return { directory, names: Object.keys(NUMBERS) };
    } catch (error) {
      refusal = error;
      rmSync(directory, { recursive: true, force: true });
    }
  }
  throw new Error("As root it needs a place for device nodes. Run it as another user.", { cause: refusal });
}

function removeAbandoned(parent: string): void {
  for (const name of readdirSync(parent)) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (owner !== undefined && !isAlive(Number(owner)))
      rmSync(join(parent, name), { recursive: true, force: true });
  }
}
