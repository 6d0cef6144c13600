import type { HookLog } from "../ports/hook-log.ts";
import { asked, type Backend } from "./backend.ts";
import { deleteHooks } from "./queries/delete-hooks.ts";
import { answerHook, rememberHook } from "./queries/remember-hook.ts";

/** The log of received hooks on either database. */
export function storedHookLog(backend: Pick<Backend, "db" | "toStorageError">): HookLog {
  return {
    remember: (hook) => asked(backend, (db) => rememberHook(db, hook)),
    answered: (hook, workflowId) => asked(backend, (db) => answerHook(db, hook, workflowId)),
    prune: (before, limit) => asked(backend, (db) => deleteHooks(db, before, limit)),
  };
}
