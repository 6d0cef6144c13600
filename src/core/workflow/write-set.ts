import { pathKey } from "../artifact-path.ts";

/** Whether a path is one of those, or lies below a directory of them (which ends in `/`). */
export function covers(writes: readonly string[], path: string): boolean {
  const key = pathKey(path);
  return writes.some((one) => isWithin(key, pathKey(one)));
}

/** Whether some path may be written by both; sets that say nothing are apart from all. */
export function overlap(left: readonly string[], right: readonly string[]): boolean {
  return left.some((one) =>
    right.some((other) => isWithin(pathKey(one), pathKey(other)) || isWithin(pathKey(other), pathKey(one))),
  );
}

function isWithin(key: string, place: string): boolean {
  if (place === "./" || place === "/" || place === ".") return true;
  // A file and what lies below it can't both be: whoever names both means the directory.
  return key === place || key.startsWith(place.endsWith("/") ? place : `${place}/`);
}
