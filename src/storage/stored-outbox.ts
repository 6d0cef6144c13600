import type { Outbox } from "../ports/outbox.ts";
import { claimMessages } from "./queries/claim-messages.ts";
import { settleMessage } from "./queries/settle-message.ts";
import type { Backend } from "./stored-tenant.ts";

/** The outbox on either database. */
export function storedOutbox(backend: Pick<Backend, "db" | "kind" | "toStorageError">): Outbox {
  const ask = async <T>(question: () => Promise<T>): Promise<T> => {
    try {
      return await question();
    } catch (error) {
      throw backend.toStorageError(error);
    }
  };
  return {
    claim: (query) => ask(() => claimMessages(backend, query)),
    settle: (message, result) => ask(() => settleMessage(backend.db, message, result)),
  };
}
