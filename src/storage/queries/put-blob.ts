import type { Blob } from "../../core/workflow/commit.ts";
import { storedContent } from "../commit-tape.ts";
import type { StorageDatabase } from "../schema.ts";

export async function putBlob(db: StorageDatabase, tenantId: string, blob: Blob): Promise<void> {
  const touched_at = Date.now();
  await db
    .insertInto("blobs")
    .values({ tenant_id: tenantId, hash: blob.hash, ...storedContent(blob.content), touched_at })
    .onConflict((conflict) => conflict.columns(["tenant_id", "hash"]).doUpdateSet({ touched_at }))
    .execute();
}
