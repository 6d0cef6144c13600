import { lstat, readFile, readdir, realpath, stat, writeFile } from "node:fs/promises";
import { isAbsolute, join, resolve } from "node:path";

import { isInside } from "../files/write-files.ts";
import { RepositoryError } from "../ports/workspace.ts";
import { codeOf } from "./walk-tree.ts";

const LONGEST_POINTER = 4_096;
const LONGEST_PACKED_REFS = 32 * 1024 ** 2;
const MOST_LINKS = 5;
const OBJECT_ID = /^[0-9a-f]{40}$/;

type GitDirectory = {
  readonly path: string;
  /** Where refs and objects are: another one in a linked worktree. */
  readonly common: string;
};

/**
 * Lends the objects of a repository on this machine to `gitDir`, a repository of the server, and gives the id that `ref`
 * names there. Git never runs in the other repository and never reads its configuration: even an upload-pack would, and
 * that can name programs. Everything read must really lie in one of `allowed`.
 */
export async function lendObjects(
  gitDir: string,
  source: { readonly path: string; readonly ref: string | null; readonly allowed: readonly string[] },
): Promise<string> {
  const found = await findGitDirectory(source.path, source.allowed);
  const objects = join(found.common, "objects");
  await refuseWaysOut(objects, source.allowed, 0);
  await refuseOtherFormats(found);
  const id = await resolveRef(found, source.ref, source.allowed);
  await writeFile(join(gitDir, "objects/info/alternates"), `${await realpath(objects)}\n`);
  return id;
}

async function findGitDirectory(path: string, allowed: readonly string[]): Promise<GitDirectory> {
  const root = await insideOnly(path, allowed);
  const dotGit = join(root, ".git");
  const about = await statOrNull(dotGit);
  const isWorktree = about !== null;
  let gitDir = isWorktree ? dotGit : root;
  if (about?.isFile() === true) {
    const pointer = /^gitdir: (.+?)\n*$/s.exec(await readShort(dotGit, allowed));
    if (pointer === null) throw noRepository(path);
    gitDir = resolve(root, pointer[1]!);
  }
  gitDir = await insideOnly(gitDir, allowed);
  const commonFile = join(gitDir, "commondir");
  const common = (await statOrNull(commonFile))
    ? await insideOnly(resolve(gitDir, (await readShort(commonFile, allowed)).trim()), allowed)
    : gitDir;
  const objects = await statOrNull(join(common, "objects"));
  if (objects?.isDirectory() !== true || (await statOrNull(join(gitDir, "HEAD"))) === null)
    throw noRepository(path);
  return { path: gitDir, common };
}

function noRepository(path: string): RepositoryError {
  return new RepositoryError(
    `There is no git repository in ${path}. Name its top directory, or a bare repository.`,
  );
}

/** Links in the object store, and other stores that it borrows from, may lead elsewhere. */
async function refuseWaysOut(objects: string, allowed: readonly string[], depth: number): Promise<void> {
  if (depth > MOST_LINKS)
    throw new RepositoryError(`The objects in ${objects} are borrowed over too many places.`);
  const real = await insideOnly(objects, allowed);
  for (const name of await readdir(real)) {
    const path = join(real, name);
    const about = await lstat(path);
    if (about.isSymbolicLink()) await insideOnly(path, allowed);
    if (!/^(pack|info|[0-9a-f]{2})$/.test(name) || !(await stat(path)).isDirectory()) continue;
    for (const entry of await readdir(path, { withFileTypes: true })) {
      if (entry.isSymbolicLink()) await insideOnly(join(path, entry.name), allowed);
    }
  }
  const alternates = join(real, "info/alternates");
  if ((await statOrNull(alternates)) === null) return;
  for (const line of (await readShort(alternates, allowed)).split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    if (line.startsWith('"'))
      throw new RepositoryError(`${alternates} has a quoted path, which is not read.`);
    await refuseWaysOut(resolve(real, line), allowed, depth + 1);
  }
}

async function refuseOtherFormats({ path, common }: GitDirectory): Promise<void> {
  const config = join(common, "config");
  const text = (await statOrNull(config))?.isFile() === true ? await readFile(config, "utf8") : "";
  if (/^\s*objectformat\s*=\s*"?sha256/im.test(text) || /^\s*refstorage\s*=\s*"?reftable/im.test(text)) {
    throw new RepositoryError(
      `The repository ${path} uses SHA-256 or reftables, which are not read from a directory. Offer it over https.`,
    );
  }
}

/** In the order of `git rev-parse`, so that a name means here what it means there. */
async function resolveRef(
  found: GitDirectory,
  ref: string | null,
  allowed: readonly string[],
): Promise<string> {
  if (ref !== null && OBJECT_ID.test(ref)) return ref;
  const packed = await packedRefs(found.common, allowed);
  const name = ref ?? "HEAD";
  const names =
    name === "HEAD"
      ? [name]
      : [name, `refs/${name}`, `refs/tags/${name}`, `refs/heads/${name}`, `refs/remotes/${name}`];
  for (const each of names.filter((candidate) => candidate === "HEAD" || candidate.startsWith("refs/"))) {
    const id = await followRef(found, { name: each, packed, allowed });
    if (id !== null) return id;
  }
  if (ref === null)
    throw new RepositoryError("The repository has no commit at its HEAD. Name a branch as ref.");
  throw new RepositoryError(`The repository has no branch, tag or whole commit id ${JSON.stringify(ref)}.`);
}

async function followRef(
  found: GitDirectory,
  start: {
    readonly name: string;
    readonly packed: ReadonlyMap<string, string>;
    readonly allowed: readonly string[];
  },
): Promise<string | null> {
  let name = start.name;
  for (let links = 0; links <= MOST_LINKS; links += 1) {
    const file = join(name === "HEAD" ? found.path : found.common, name);
    const loose =
      (await statOrNull(file))?.isFile() === true ? (await readShort(file, start.allowed)).trim() : null;
    const value = loose ?? start.packed.get(name) ?? null;
    if (value === null || OBJECT_ID.test(value)) return value;
    const target = /^ref:\s*(refs\/[^\s]+)$/.exec(value)?.[1];
    if (target === undefined || target.split("/").includes("..")) return null;
    name = target;
  }
  return null;
}

async function packedRefs(common: string, allowed: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const file = join(common, "packed-refs");
  if ((await statOrNull(file)) === null) return new Map();
  const lines = (await readShort(file, allowed, LONGEST_PACKED_REFS)).split("\n");
  return new Map(
    lines.flatMap((line) => {
      const [, id, name] = /^([0-9a-f]{40}) (refs\/.+)$/.exec(line) ?? [];
      return id === undefined || name === undefined ? [] : [[name, id] as const];
    }),
  );
}

async function readShort(path: string, allowed: readonly string[], most = LONGEST_POINTER): Promise<string> {
  const real = await insideOnly(path, allowed);
  const about = await stat(real);
  if (!about.isFile() || about.size > most) throw new RepositoryError(`${path} is not what git puts there.`);
  return readFile(real, "utf8");
}

async function insideOnly(path: string, allowed: readonly string[]): Promise<string> {
  if (!isAbsolute(path) || path.includes("\n"))
    throw new RepositoryError(`${JSON.stringify(path)} cannot be read.`);
  const real = await realpath(path).catch((error: unknown) => {
    throw new RepositoryError(`${path} is not there or cannot be read (${codeOf(error)}).`, { cause: error });
  });
  if (allowed.some((directory) => isInside(directory, real))) return real;
  throw new RepositoryError(`${path} leads out of the allowed directories, to ${real}.`);
}

async function statOrNull(path: string): Promise<Awaited<ReturnType<typeof stat>> | null> {
  try {
    return await stat(path);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(codeOf(error))) return null;
    throw error;
  }
}
