import type { StorageDatabase } from "../schema.ts";

const HASHES_PER_QUERY = 500;

/** Contents by hash; unknown hashes are left out. */
export async function readBlobs(
  db: StorageDatabase,
  tenantId: string,
  hashes: readonly string[],
): Promise<Map<string, string>> {
  const contents = new Map<string, string>();
  for (let start = 0; start < hashes.length; start += HASHES_PER_QUERY) {
    const rows = await db
      .selectFrom("blobs")
      .select(["hash", "content", "escaped"])
      .where("tenant_id", "=", tenantId)
      .where("hash", "in", hashes.slice(start, start + HASHES_PER_QUERY))
      .execute();
    for (const { hash, content, escaped } of rows) {
      contents.set(hash, escaped ? (JSON.parse(content) as string) : content);
    }
  }
  return contents;
}
