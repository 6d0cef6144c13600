import { constants } from "node:fs";
import { lstat, open } from "node:fs/promises";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { z } from "zod";

import { isInside, realpathOfExisting, writeFiles } from "../../files/write-files.ts";
import { type DeliveryAction, type DeliveryContext, DeliveryError } from "../../ports/delivery-action.ts";

export type DirectoryConfig = { readonly path?: string | null | undefined };

/**
 * Writes the artifacts under `path`, which must lie in one of the directories that the operator allows. Without a path
 * every workflow has a directory of its own under `defaultRoot`, which needs no permission.
 */
export function createDirectoryAction(options: {
  readonly allowed: readonly string[];
  readonly defaultRoot: string;
}): DeliveryAction<DirectoryConfig> {
  const allowed = options.allowed.map((folder) => resolve(folder));
  const inAllowed = (path: string): boolean => allowed.some((folder) => isInside(folder, resolve(path)));
  const allowedPath = async (config: DirectoryConfig, { workflow_id }: DeliveryContext): Promise<string> => {
    const path = config.path ?? join(options.defaultRoot, workflow_id);
    const roots = config.path == null ? [options.defaultRoot] : allowed;
    if (!(await isReallyAllowed(path, roots))) throw new DeliveryError(howToAllow(path, allowed));
    return path;
  };
  return {
    name: "directory",
    description: "Writes the files into a directory of the machine that the server runs on.",
    outward: false,
    semantics: "keyed", // writing the same files again leaves the same directory
    config: z.strictObject({
      path: z
        .string()
        .min(1)
        .refine((path) => !path.includes("\0"), "a path has no NUL")
        .refine(isAbsolute, "write an absolute path")
        .refine(inAllowed, { error: ({ input }) => howToAllow(String(input), allowed) })
        .nullish(),
    }),
    deliver: async (config, context) => {
      const path = await allowedPath(config, context);
      const files = await writeArtifacts(path, context);
      return {
        action: "directory",
        links: files.map((file) => pathToFileURL(file).href),
        metadata: [
          { name: "path", value: resolve(path) },
          { name: "artifacts", value: String(files.length) },
        ],
      };
    },
    preview: async (config, context) => {
      const path = await allowedPath(config, context);
      const effects: string[] = [];
      // One after the other: each holds a file open.
      for (const artifact of context.artifacts) effects.push(await effectOf(path, artifact));
      return { target: resolve(path), effects };
    },
  };
}

async function writeArtifacts(path: string, { artifacts, signal }: DeliveryContext): Promise<string[]> {
  signal.throwIfAborted();
  try {
    return await writeFiles(path, artifacts);
  } catch (error) {
    throw new DeliveryError(`could not write to ${path}: ${(error as Error).message}`, { cause: error });
  }
}

async function effectOf(root: string, artifact: DeliveryContext["artifacts"][number]): Promise<string> {
  const { path, content } = artifact;
  const target = join(root, path);
  if (!isInside(await realpathOfExisting(root), await realpathOfExisting(dirname(target))))
    return `${path}: a link leads out of the directory, so nothing can be delivered`;
  const there = await lstat(target).catch((error: unknown) => nothingThere(error));
  if (there === null) return `${path}: is written`;
  if (!there.isFile() && !there.isSymbolicLink())
    return `${path}: something that is no file stands there, so nothing can be delivered`;
  const isSame =
    there.isFile() && there.size === Buffer.byteLength(content) && (await holds(target, content));
  return `${path}: ${isSame ? "is there already" : "is replaced"}`;
}

/** Follows no link and waits for nobody, whatever has been put there since it was looked at. */
async function holds(file: string, content: string): Promise<boolean> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const handle = await open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch(() => null);
  if (handle === null) return false;
  try {
    const bytes = Buffer.from(content);
    const read = Buffer.alloc(bytes.byteLength + 1);
    const { bytesRead } = await handle.read(read, 0, read.byteLength, 0);
    return bytes.equals(read.subarray(0, bytesRead));
  } finally {
    await handle.close();
  }
}

function nothingThere(error: unknown): null {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR") return null;
  throw new DeliveryError(`could not look at what is there: ${(error as Error).message}`, { cause: error });
}

/** The check of the configuration on the real places: a link in an allowed directory does not widen what is allowed. */
async function isReallyAllowed(path: string, allowed: readonly string[]): Promise<boolean> {
  const real = await realpathOfExisting(path);
  const roots = await Promise.all(allowed.map(realpathOfExisting));
  return roots.some((root) => isInside(root, real));
}

function howToAllow(path: string, allowed: readonly string[]): string {
  const folders = JSON.stringify([...allowed, path]);
  return (
    `the directory ${path} is not allowed for delivery; ` +
    `allow it in orca.yaml with  delivery: { directory: { allowed: ${folders} } }`
  );
}
