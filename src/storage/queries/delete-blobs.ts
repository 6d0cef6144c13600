import type { BlobAge } from "../../ports/retention.ts";
import type { DatabaseKind, StorageDatabase } from "../schema.ts";

const BLOBS_PER_PAGE = 200;

/** The next tenant in order that has contents. */
export async function nextTenant(db: StorageDatabase, after: string): Promise<string | null> {
  const row = await db
    .selectFrom("blobs")
    .select("tenant_id")
    .where("tenant_id", ">", after)
    .orderBy("tenant_id")
    .limit(1)
    .executeTakeFirst();
  return row?.tenant_id ?? null;
}

export async function listBlobs(
  db: StorageDatabase,
  tenantId: string,
  afterHash: string,
): Promise<BlobAge[]> {
  return db
    .selectFrom("blobs")
    .select(["hash", "size", "touched_at"])
    .where("tenant_id", "=", tenantId)
    .where("hash", ">", afterHash)
    .orderBy("hash")
    .limit(BLOBS_PER_PAGE)
    .execute();
}

type SomeBlobs = { readonly hashes: readonly string[]; readonly at: number };

export async function dateBlobs(
  db: StorageDatabase,
  tenantId: string,
  { hashes, at }: SomeBlobs,
): Promise<void> {
  await db
    .updateTable("blobs")
    .set({ touched_at: at })
    .where("tenant_id", "=", tenantId)
    .where("hash", "in", hashes)
    .where("touched_at", "is", null)
    .execute();
}

/**
 * Whoever brings a content that is being deleted waits for the deletion and stores it anew; whoever was first has moved
 * its time on, so that it stays. On PostgreSQL a row that somebody just brings is passed over, not waited for.
 */
export async function deleteBlobs(
  { db, kind }: { readonly db: StorageDatabase; readonly kind: DatabaseKind },
  tenantId: string,
  { hashes, at }: SomeBlobs,
): Promise<number> {
  const doomed = db
    .selectFrom("blobs")
    .select("hash")
    .where("tenant_id", "=", tenantId)
    .where("hash", "in", hashes)
    .where("touched_at", "<", at)
    .orderBy("hash");
  const { numDeletedRows } = await db
    .deleteFrom("blobs")
    .where("tenant_id", "=", tenantId)
    .where("hash", "in", kind === "postgres" ? doomed.forUpdate().skipLocked() : doomed)
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
