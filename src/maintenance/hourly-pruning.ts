import { setTimeout as sleep } from "node:timers/promises";

import type { Clock } from "../ports/clock.ts";
import type { HookLog } from "../ports/hook-log.ts";
import type { Logger } from "../ports/logger.ts";
import type { Retention } from "../ports/retention.ts";
import { pruneHooks } from "./prune-hooks.ts";
import { prune, type PruneOptions } from "./prune.ts";

export type PruningParts = {
  readonly retention: Retention;
  readonly hooks: HookLog;
  readonly workflowsDays: number | null;
  readonly clock: Clock;
  readonly logger: Logger;
};

export type HourlyPruning = {
  /** Resolves when nothing is being deleted any more. */
  stop(): Promise<void>;
};

const MINUTE_MS = 60_000;
const FIRST_LOOK_MS = MINUTE_MS;
const LOOK_EVERY_MS = 10 * MINUTE_MS;
const TURN_MS = 55 * MINUTE_MS;
const SWEEP_EVERY_MS = 23 * 60 * MINUTE_MS;

/** Prunes about once an hour, on whichever node asks first; contents are swept once a day. */
export function startHourlyPruning(parts: PruningParts): HourlyPruning {
  const { clock, logger } = parts;
  const ending = new AbortController();
  let work: Promise<void> = Promise.resolve();
  let cancel = (): void => undefined;
  const look = (): void => {
    work = pruneInTurn(parts, ending.signal)
      .catch((error: unknown) => {
        // The store may be away for a while; the next look comes by itself.
        const reason = error instanceof Error ? error.message : String(error);
        logger.warn({ reason }, "old workflows could not be deleted; trying again later");
      })
      .finally(() => {
        if (!ending.signal.aborted) cancel = clock.after(LOOK_EVERY_MS, look);
      });
  };
  cancel = clock.after(FIRST_LOOK_MS, look);
  return {
    stop: async () => {
      ending.abort();
      cancel();
      await work;
    },
  };
}

async function pruneInTurn(parts: PruningParts, signal: AbortSignal): Promise<void> {
  const { retention, hooks, workflowsDays, clock, logger } = parts;
  const now = clock.now().getTime();
  if (!(await retention.takeTurn("prune", now, now + TURN_MS))) return;
  const sweepBlobs =
    workflowsDays !== null && (await retention.takeTurn("sweep_blobs", now, now + SWEEP_EVERY_MS));
  const rest = restAsLong(signal);
  const pruned = await prune(retention, {
    now: clock.now(),
    workflowsDays,
    dryRun: false,
    sweepBlobs,
    signal,
    rest,
  });
  const received_hooks = await pruneHooks(hooks, clock.now(), signal);
  const level = pruned.workflows + pruned.blobs > 0 ? "info" : "debug";
  logger[level]({ ...pruned, received_hooks }, "pruned what is past its time");
}

/** Leaves the store to others for as long as the last step kept it busy, so that they lose half of it at most. */
export function restAsLong(signal: AbortSignal): PruneOptions["rest"] {
  return async (workedMs) => {
    if (!signal.aborted) await sleep(Math.min(workedMs, 1_000));
  };
}
