import { pathKey } from "../artifact-path.ts";
import type { PersistentMap } from "../persistent-map.ts";

/** For the key of every directory the first path that lies below it, which says why no file may take its place. */
export type Directories = PersistentMap<string>;

/** The directories with those that the path needs. */
export function withPath(directories: Directories, path: string): Directories {
  let known = directories;
  for (const directory of directoriesAbove(pathKey(path))) {
    // Whoever needed this one has entered all above it.
    if (known.has(directory)) break;
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
