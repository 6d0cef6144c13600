import type { Retention } from "../ports/retention.ts";
import type { StorageError } from "../ports/storage.ts";
import { dateBlobs, deleteBlobs, listBlobs, nextTenant } from "./queries/delete-blobs.ts";
import { countIdempotencyKeys, deleteIdempotencyKeys } from "./queries/delete-idempotency-keys.ts";
import { countMessages, deleteMessages } from "./queries/delete-messages.ts";
import { countExpired, deleteWorkflows, listOld } from "./queries/delete-workflows.ts";
import { readReferences } from "./queries/read-references.ts";
import { takeTurn } from "./queries/take-turn.ts";
import type { DatabaseKind, StorageDatabase } from "./schema.ts";

type Backend = {
  readonly db: StorageDatabase;
  readonly kind: DatabaseKind;
  toStorageError(error: unknown): StorageError;
};

/** Retention on either database. */
export function storedRetention(backend: Backend): Retention {
  const { db } = backend;
  const ask = async <T>(question: () => Promise<T>): Promise<T> => {
    try {
      return await question();
    } catch (error) {
      throw backend.toStorageError(error);
    }
  };
  return {
    takeTurn: (name, now, until) => ask(() => takeTurn(db, { name, now, until })),
    countExpired: (expired) => ask(() => countExpired(db, expired)),
    deleteExpired: (expired, limit) => ask(() => deleteWorkflows(backend, expired, limit)),
    countIdempotencyKeys: (expired) => ask(() => countIdempotencyKeys(db, expired)),
    deleteIdempotencyKeys: (expired) => ask(() => deleteIdempotencyKeys(db, expired)),
    countMessages: (settled) => ask(() => countMessages(db, settled)),
    deleteMessages: (settled) => ask(() => deleteMessages(db, settled)),
    nextTenant: (after) => ask(() => nextTenant(db, after)),
    listOld: (tenantId, expired, page) => ask(() => listOld(db, tenantId, { expired, ...page })),
    readReferences: (tenantId, workflowId) => ask(() => readReferences(db, tenantId, workflowId)),
    listBlobs: (tenantId, afterHash) => ask(() => listBlobs(db, tenantId, afterHash)),
    dateBlobs: (tenantId, hashes, at) => ask(() => dateBlobs(db, tenantId, { hashes, at })),
    deleteBlobs: (tenantId, hashes, at) => ask(() => deleteBlobs(backend, tenantId, { hashes, at })),
  };
}
