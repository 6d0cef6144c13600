import type { HookLog } from "../ports/hook-log.ts";
import { deleteHooks } from "./queries/delete-hooks.ts";
import { answerHook, rememberHook } from "./queries/remember-hook.ts";
import type { Backend } from "./stored-tenant.ts";

/** The log of received hooks on either database. */
export function storedHookLog(backend: Pick<Backend, "db" | "toStorageError">): HookLog {
  const { db } = backend;
  const ask = async <T>(question: () => Promise<T>): Promise<T> => {
    try {
      return await question();
    } catch (error) {
      throw backend.toStorageError(error);
    }
  };
  return {
    remember: (hook) => ask(() => rememberHook(db, hook)),
    answered: (hook, workflowId) => ask(() => answerHook(db, hook, workflowId)),
    prune: (before, limit) => ask(() => deleteHooks(db, before, limit)),
  };
}
