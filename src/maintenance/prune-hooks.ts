import type { HookLog } from "../ports/hook-log.ts";

const DAY_MS = 86_400_000;
/** A day longer than anything may be old when it comes in (`LONGEST_HOOK_AGE_S`): what is forgotten is refused as too old. */
const HOOKS_LIVE_MS = 8 * DAY_MS;
const HOOKS_AT_ONCE = 1_000;

/** Deletes what nobody could send again with an effect; resolves with their number. */
export async function pruneHooks(hooks: HookLog, now: Date, signal: AbortSignal): Promise<number> {
  const before = new Date(now.getTime() - HOOKS_LIVE_MS).toISOString();
  for (let deleted = 0; ;) {
    const some = signal.aborted ? 0 : await hooks.prune(before, HOOKS_AT_ONCE);
    deleted += some;
    if (some < HOOKS_AT_ONCE) return deleted;
  }
}
