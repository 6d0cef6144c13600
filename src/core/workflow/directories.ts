import { pathKey } from "../artifact-path.ts";
import { PersistentMap } from "../persistent-map.ts";
import type { ArtifactState } from "./state.ts";

/**
 * For the key of every directory how many files lie below it, at any depth: a file may take the place of one only when
 * none is left. Counts cost the same to raise and to lower, whichever file comes or goes.
 */
export type Directories = PersistentMap<number>;

/** The directories with those that one more file needs. */
export function withPath(directories: Directories, path: string): Directories {
  return counted(directories, path, 1);
}

/** The directories without those that only this file needed. */
export function withoutPath(directories: Directories, path: string): Directories {
  return counted(directories, path, -1);
}

function counted(directories: Directories, path: string, by: 1 | -1): Directories {
  let known = directories;
  for (const directory of directoriesAbove(pathKey(path))) {
    const files = (known.get(directory) ?? 0) + by;
    known = files > 0 ? known.set(directory, files) : known.delete(directory);
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
  const files = new Map<string, number>();
  for (const { path, deleted } of latest) {
    if (deleted) continue;
    for (const directory of directoriesAbove(pathKey(path))) {
      files.set(directory, (files.get(directory) ?? 0) + 1);
    }
  }
  return PersistentMap.of(files);
}
