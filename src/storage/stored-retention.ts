import type { Retention } from "../ports/retention.ts";
import { asked, type Backend } from "./backend.ts";
import { dateBlobs, deleteBlobs, listBlobs, nextTenant } from "./queries/delete-blobs.ts";
import { countIdempotencyKeys, deleteIdempotencyKeys } from "./queries/delete-idempotency-keys.ts";
import { countMessages, deleteMessages } from "./queries/delete-messages.ts";
import { countExpired, deleteWorkflows, listOld } from "./queries/delete-workflows.ts";
import { readReferences } from "./queries/read-references.ts";
import { takeTurn } from "./queries/take-turn.ts";

/** Retention on either database. */
export function storedRetention(backend: Pick<Backend, "db" | "kind" | "toStorageError">): Retention {
  return {
    takeTurn: (name, now, until) => asked(backend, (db) => takeTurn(db, { name, now, until })),
    countExpired: (expired) => asked(backend, (db) => countExpired(db, expired)),
    deleteExpired: (expired, limit) => asked(backend, () => deleteWorkflows(backend, expired, limit)),
    countIdempotencyKeys: (expired) => asked(backend, (db) => countIdempotencyKeys(db, expired)),
    deleteIdempotencyKeys: (expired) => asked(backend, (db) => deleteIdempotencyKeys(db, expired)),
    countMessages: (settled) => asked(backend, (db) => countMessages(db, settled)),
    deleteMessages: (settled) => asked(backend, (db) => deleteMessages(db, settled)),
    nextTenant: (after) => asked(backend, (db) => nextTenant(db, after)),
    listOld: (tenantId, expired, page) => asked(backend, (db) => listOld(db, tenantId, { expired, ...page })),
    readReferences: (tenantId, workflowId) =>
      asked(backend, (db) => readReferences(db, tenantId, workflowId)),
    listBlobs: (tenantId, afterHash) => asked(backend, (db) => listBlobs(db, tenantId, afterHash)),
    dateBlobs: (tenantId, hashes, at) => asked(backend, (db) => dateBlobs(db, tenantId, { hashes, at })),
    deleteBlobs: (tenantId, hashes, at) =>
      asked(backend, () => deleteBlobs(backend, tenantId, { hashes, at })),
  };
}
