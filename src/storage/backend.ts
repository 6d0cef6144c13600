import type { Commit, CommitResult } from "../core/workflow/commit.ts";
import type { StorageError } from "../ports/storage.ts";
import type { CommitTape } from "./commit-tape.ts";
import type { KnownBlobs } from "./known-blobs.ts";
import type { DatabaseKind, StorageDatabase } from "./schema.ts";

/** What the two databases do differently: how queries run, how a commit gets in, what an error means. */
export interface Backend {
  readonly kind: DatabaseKind;
  readonly db: StorageDatabase;
  readonly knownBlobs: KnownBlobs;
  /** Where there are no other nodes, `wake` has nobody to wake. */
  commit(tape: CommitTape, wake: Commit["wake"]): Promise<CommitResult>;
  toStorageError(error: unknown): StorageError;
}

/** What a question to the database is answered; rejects with a StorageError when it can't be. */
export async function asked<T>(
  backend: Pick<Backend, "db" | "toStorageError">,
  question: (db: StorageDatabase) => Promise<T>,
): Promise<T> {
  try {
    return await question(backend.db);
  } catch (error) {
    throw backend.toStorageError(error);
  }
}
