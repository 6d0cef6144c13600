import type { Blob } from "../../core/workflow/commit.ts";
import { storedContent } from "../commit-tape.ts";
import type { StorageDatabase } from "../schema.ts";

export async function putBlob(db: StorageDatabase, tenantId: string, blob: Blob): Promise<void> {
  await db
    .insertInto("blobs")
    .values({ tenant_id: tenantId, hash: blob.hash, ...storedContent(blob.content) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
