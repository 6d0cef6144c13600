import { ConfigError } from "../config/config-error.ts";
import { armFailpoints, DELIVERY_FAILPOINTS, type FailpointName, FAILPOINTS } from "../engine/failpoint.ts";
import type { Logger } from "../ports/logger.ts";
import { StorageError } from "../ports/storage.ts";

/** What happens at a failpoint: the process dies, the call fails, or the process stands still for ever. */
export const REHEARSALS = ["kill", "throw", "hang"] as const;
type Rehearsal = (typeof REHEARSALS)[number];

const ALL = [...FAILPOINTS, ...DELIVERY_FAILPOINTS];

type Armed = { readonly name: FailpointName; readonly hit: number; readonly rehearsal: Rehearsal };

/**
 * Arms what `text` names as `failpoint:n:kill|throw|hang`, several with commas between: the n-th time that this process
 * passes the failpoint it fails there, once. Each is logged before it happens. Throws a ConfigError.
 */
export function rehearseFailures(text: string, logger: Logger): void {
  const plan = text.split(",").map(parse);
  const hits = new Map<FailpointName, number>();
  logger.warn({ failpoints: text }, "failures are rehearsed: this process will break on purpose");
  armFailpoints((name) => {
    const hit = (hits.get(name) ?? 0) + 1;
    hits.set(name, hit);
    const armed = plan.find((one) => one.name === name && one.hit === hit);
    if (!armed) return;
    logger.warn({ failpoint: name, hit, rehearsal: armed.rehearsal }, "a failure is rehearsed");
    fail(armed);
  });
}

function fail({ name, rehearsal }: Armed): void {
  switch (rehearsal) {
    case "kill":
      process.kill(process.pid, "SIGKILL");
      return standStill(); // not one statement more, should the signal take its time
    case "hang":
      return standStill();
    case "throw":
      if (name.startsWith("commit."))
        throw new StorageError("storage_unreachable", `The store is away: rehearsed at ${name}.`);
      throw new Error(`rehearsed at ${name}`);
  }
}

function standStill(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

function parse(text: string): Armed {
  const [given, count = "", given_rehearsal] = text.trim().split(":");
  const name = ALL.find((one) => one === given);
  const rehearsal = REHEARSALS.find((one) => one === given_rehearsal);
  if (!name || !rehearsal || !/^[1-9]\d{0,8}$/.test(count)) {
    const form = `write failpoint:n:${REHEARSALS.join("|")} with a failpoint out of ${ALL.join(", ")}`;
    throw new ConfigError([`ORCA_FAILPOINTS: ${JSON.stringify(text)} is not understood; ${form}`]);
  }
  return { name, hit: Number(count), rehearsal };
}
