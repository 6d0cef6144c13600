import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

import type { CaseRequest, Measurements } from "./case.ts";
import { type ChildSettings, killChild, startChild } from "./run-child.ts";
import { rounded } from "./statistics.ts";
import { compareLogs, readLog } from "./step-log.ts";

const LOOK_MS = 5;
const GIVE_UP_MS = 60_000;
/** Within which the kill comes at a random moment once all steps have ended. */
const KILL_WITHIN_MS = 20;

/**
 * Lets a step of every workflow end within 100 ms, kills the process at a random moment of the 20 ms after the last end, and
 * counts by starting again how many of these ends were lost.
 */
export async function killAndLose(request: CaseRequest, settings: ChildSettings): Promise<Measurements> {
  const log = join(request.directory, "steps.log");
  const ending = startChild({ ...request, log, scenario: "ending" }, settings);
  await ending.ready;
  const ends = new EndCounter(log);
  const wanted = ends.count() + request.workflows;
  ending.tell("go");
  await Promise.race([reached(ends, wanted), ending.ended]);
  const afterMs = Math.random() * KILL_WITHIN_MS;
  await setTimeout(afterMs);
  await killChild(ending);
  const before = await readLog(log);
  const spawnedAt = Date.now();
  await startChild({ ...request, log, scenario: "recover", spawnedAt }, settings).ended;
  const after = (await readLog(log)).slice(before.length);
  const { redone_ended, redone_finished, complete } = compareLogs(before, after, spawnedAt);
  const lost = Number(redone_ended);
  return {
    workflows: request.workflows,
    lost,
    lost_share: rounded(lost / request.workflows),
    killed_after_ms: rounded(afterMs, 1),
    redone_finished: redone_finished ?? null,
    complete: complete ?? null,
  };
}

async function reached(ends: EndCounter, wanted: number): Promise<void> {
  const until = Date.now() + GIVE_UP_MS;
  while (ends.count() < wanted) {
    if (Date.now() > until) throw new Error("the steps did not all end");
    await setTimeout(LOOK_MS);
  }
}

/** Counts the ends in a growing log, reading each byte once. */
class EndCounter {
  readonly #path: string;
  readonly #chunk = Buffer.alloc(1 << 20);
  #position = 0;
  #ends = 0;
  #atLineStart = true;

  constructor(path: string) {
    this.#path = path;
  }

  count(): number {
    const file = openSync(this.#path, "r");
    try {
      for (;;) {
        const read = readSync(file, this.#chunk, 0, this.#chunk.length, this.#position);
        if (read === 0) return this.#ends;
        this.#position += read;
        for (const byte of this.#chunk.subarray(0, read)) {
          if (this.#atLineStart && byte === END) this.#ends += 1;
          this.#atLineStart = byte === NEWLINE;
        }
      }
    } finally {
      closeSync(file);
    }
  }
}

const END = "E".charCodeAt(0);
const NEWLINE = "\n".charCodeAt(0);
