import { isAbsolute, join, resolve } from "node:path";
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
  return {
    name: "directory",
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
      const path = config.path ?? join(options.defaultRoot, context.workflow_id);
      const roots = config.path == null ? [options.defaultRoot] : allowed;
      if (!(await isReallyAllowed(path, roots))) throw new DeliveryError(howToAllow(path, allowed));
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
