import { realpath } from "node:fs/promises";

import type { Logger } from "../ports/logger.ts";
import {
  type ImportedTree,
  type Repositories,
  RepositoryError,
  type RepositoryRequest,
  WorkspaceError,
} from "../ports/workspace.ts";
import { type AllowedRepositories, howToAllow, parseAllowed, placeOf } from "./allowed-repositories.ts";
import { fetchCommit, IMPORTED } from "./fetch-commit.ts";
import { lendObjects } from "./local-repository.ts";
import { publicAddresses } from "./public-address.ts";
import { readCommit } from "./read-commit.ts";
import { initRepository, inTemporaryRepository } from "./temporary-repository.ts";

/**
 * Repositories in the allowed directories, and below the allowed https hosts and URLs (whole segments). Nothing that a
 * repository brings is run. Throws a RepositoryError for an entry of `allowed` that makes no sense.
 */
export function createRepositories(options: {
  readonly allowed: readonly string[];
  readonly logger: Logger;
}): Repositories {
  const allowed = parseAllowed(options.allowed);
  return {
    refusalOf: (request) => {
      const place = placeOf(request, allowed);
      return typeof place === "string" ? place : null;
    },
    read: async (request, signal) => {
      signal.throwIfAborted();
      const started = performance.now();
      const tree = await inTemporaryRepository(options.logger, (gitDir) =>
        readInto(gitDir, { request, allowed, signal }),
      ).catch((error: unknown) => {
        if (error instanceof WorkspaceError) throw new RepositoryError(error.message, { cause: error });
        throw error;
      });
      options.logger.info(
        {
          files: tree.files.length,
          skipped: tree.skipped.length,
          ms: Math.round(performance.now() - started),
        },
        "read a repository",
      );
      return tree;
    },
  };
}

type Reading = {
  readonly request: RepositoryRequest;
  readonly allowed: AllowedRepositories;
  readonly signal: AbortSignal;
};

async function readInto(gitDir: string, reading: Reading): Promise<ImportedTree> {
  const { request, allowed, signal } = reading;
  const place = placeOf(request, allowed);
  if (typeof place === "string") throw new RepositoryError(place);
  await initRepository(gitDir, signal);
  let commit: string;
  if (place.kind === "local") {
    const directories = await realDirectories(allowed.directories);
    if (directories.length === 0) throw new RepositoryError(howToAllow(place.path));
    commit = await lendObjects(gitDir, { path: place.path, ref: request.ref, allowed: directories });
  } else {
    const addresses = await publicAddresses(place.url.hostname);
    await fetchCommit(gitDir, { url: place.url, ref: request.ref ?? "HEAD", addresses, signal });
    commit = IMPORTED;
  }
  return readCommit({ gitDir, commit, path: request.path, signal });
}

async function realDirectories(directories: readonly string[]): Promise<string[]> {
  const found = await Promise.all(directories.map((directory) => realpath(directory).catch(() => null)));
  return found.filter((directory) => directory !== null);
}
