import type { Outbox } from "../ports/outbox.ts";
import { asked, type Backend } from "./backend.ts";
import { claimMessages } from "./queries/claim-messages.ts";
import { settleMessage } from "./queries/settle-message.ts";

/** The outbox on either database. */
export function storedOutbox(backend: Pick<Backend, "db" | "kind" | "toStorageError">): Outbox {
  return {
    claim: (query) => asked(backend, () => claimMessages(backend, query)),
    settle: (message, result) => asked(backend, (db) => settleMessage(db, message, result)),
  };
}
