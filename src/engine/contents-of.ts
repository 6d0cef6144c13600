import type { TenantStorage } from "../ports/storage.ts";

/** The contents of a tree by path. */
export async function contentsOf(
  storage: Pick<TenantStorage, "readBlobs">,
  tree: readonly { readonly path: string; readonly hash: string }[],
): Promise<ReadonlyMap<string, string>> {
  const hashes = tree.map(({ hash }) => hash);
  const contents = hashes.length === 0 ? new Map<string, string>() : await storage.readBlobs(hashes);
  return new Map(
    tree.map(({ path, hash }) => {
      const content = contents.get(hash);
      if (content === undefined) throw new Error(`the content of ${path} is not stored`);
      return [path, content];
    }),
  );
}
