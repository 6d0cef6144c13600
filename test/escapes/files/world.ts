import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Logger } from "../../../src/ports/logger.ts";
import type { TreeFile, WorkingDirectory } from "../../../src/ports/workspace.ts";
import { createWorkspaces } from "../../../src/workspace/workspaces.ts";
import type { EscapeCase, Outcome } from "../escape-corpus.ts";
import { naiveDirectory, naiveWrite } from "./naive-files.ts";

export const SECRET = "the-secret-of-somebody-else";

/** The tree is four directories below it, so that `../../../../outside` leads out in both worlds. */
export type World = {
  readonly home: string;
  /** Holds `secret` and `below/secret`. */
  readonly outside: string;
  readonly open: (files: readonly TreeFile[]) => Promise<WorkingDirectory>;
};

export const WAY_OUT = "../../../../outside";

/** Tries something in a world of its own; `changed` says what became of the outside. */
async function inWorld(guarded: boolean, attempt: (world: World) => Promise<Outcome>): Promise<Outcome> {
  const home = await mkdtemp(join(tmpdir(), "orca-escape-"));
  const outside = join(home, "outside");
  try {
    await mkdir(join(outside, "below"), { recursive: true });
    await writeFile(join(outside, "secret"), SECRET);
    await writeFile(join(outside, "below/secret"), SECRET);
    const before = await snapshot(outside);
    const outcome = await attempt({ home, outside, open: guarded ? openGuarded(home) : openNaive(home) });
    const after = await snapshot(outside);
    if (after !== before) return escaped(`outside is ${after}, and was ${before}`);
    return outcome;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

const quiet = (): void => {};
const logger: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => logger };

function openGuarded(home: string): World["open"] {
  const workspaces = createWorkspaces({ root: join(home, "workspaces"), logger });
  return (files) => workspaces.create({ tenant_id: "t", workflow_id: "w" }, files);
}

function openNaive(home: string): World["open"] {
  return async (files) => {
    const path = join(home, "workspaces/w/naive/tree");
    await mkdir(path, { recursive: true });
    await naiveWrite(path, files);
    return naiveDirectory(path, files);
  };
}

async function snapshot(directory: string): Promise<string> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const lines = await Promise.all(
    entries.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      return `${path}: ${entry.isFile() ? await readFile(path, "utf8") : "directory"}`;
    }),
  );
  return lines.toSorted().join("; ");
}

export const CONTAINED: Outcome = { kind: "contained" };

export function escaped(what: string): Outcome {
  return { kind: "escaped", what };
}

export function caseOf(
  name: string,
  attempt: (world: World, guarded: boolean) => Promise<Outcome>,
  controlMayHold: string | null = null,
): EscapeCase {
  return { name, attempt: (guarded) => inWorld(guarded, (world) => attempt(world, guarded)), controlMayHold };
}

/** Null when it did not end in time. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, ms, null);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
