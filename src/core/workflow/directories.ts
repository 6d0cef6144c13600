import { pathKey } from "../artifact-path.ts";
import { PersistentMap } from "../persistent-map.ts";
import type { ArtifactState } from "./state.ts";

/**
 * For the key of every directory one path that lies below it, which says why no file may take its place: the first in the
 * order of keys, so that it does not depend on what was written and deleted before.
 */
export type Directories = PersistentMap<string>;

/** The directories with those that the path needs. */
export function withPath(directories: Directories, path: string): Directories {
  let known = directories;
  for (const directory of directoriesAbove(pathKey(path))) {
    const before = known.get(directory);
    // Where an earlier path is known, it or a still earlier one is known of all above it.
    if (before !== undefined && pathKey(before) <= pathKey(path)) break;
    known = known.set(directory, path);
  }
  return known;
}

/** The directories that a path goes through, the nearest first. */
export function directoriesAbove(path: string): string[] {
  const above: string[] = [];
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
    above.push(path.slice(0, end));
  }
  return above;
}

/** The directories that the files of a tree need. */
export function directoriesOf(latest: Iterable<ArtifactState>): Directories {
  let known: Directories = PersistentMap.empty();
  for (const { path, deleted } of latest) if (!deleted) known = withPath(known, path);
  return known;
}
