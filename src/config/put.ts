/** Sets the value at the path of a tree, with the branches that are missing; a branch whose first key is 0 is a list. */
export function put(tree: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [key, ...rest] = path;
  if (key === undefined) return;
  if (rest.length === 0) tree[key] = value;
  else put((tree[key] ??= rest[0] === "0" ? [] : {}) as Record<string, unknown>, rest, value);
}
