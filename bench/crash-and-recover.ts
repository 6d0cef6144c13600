import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

import type { CaseRequest, Measurements } from "./case.ts";
import { type ChildSettings, startChild } from "./run-child.ts";
import { median, rounded } from "./statistics.ts";

/** Steps that each workflow has finished on average when the process is killed. */
const FINISHED_STEPS = 4;
const POLL_MS = 20;
const GIVE_UP_MS = 60_000;
const SHORT_STEP_MS = 40;
const LONG_STEP_MS = 400;
const MANY_WORKFLOWS = 100;

/** Kills the process in the midst of its workflows, starts another one on the same store and reads what both did. */
export async function crashAndRecover(request: CaseRequest, settings: ChildSettings): Promise<Measurements> {
  const log = join(request.directory, "steps.log");
  const delayMs = request.workflows > MANY_WORKFLOWS ? LONG_STEP_MS : SHORT_STEP_MS;
  const crashing = startChild({ ...request, delayMs, log, scenario: "crash" }, settings);
  const enough = far(log, request.workflows * FINISHED_STEPS);
  await Promise.race([enough, crashing.ended]);
  crashing.process.kill("SIGKILL");
  await crashing.ended.catch(() => undefined);
  const before = await readLog(log);
  const spawnedAt = Date.now();
  const recovery = await startChild({ ...request, delayMs, log, scenario: "recover", spawnedAt }, settings)
    .ended;
  const after = (await readLog(log)).slice(before.length);
  return { workflows: request.workflows, ...recovery, ...compare(before, after, spawnedAt) };
}

/** Resolves when so many steps have ended. */
async function far(log: string, steps: number): Promise<void> {
  const until = Date.now() + GIVE_UP_MS;
  while ((await readLog(log)).filter(({ kind }) => kind === "E").length < steps) {
    if (Date.now() > until) throw new Error("the workflows did not get far enough to be killed");
    await setTimeout(POLL_MS);
  }
}

type LogLine = {
  readonly kind: string;
  readonly workflow: string;
  readonly ordinal: number;
  readonly at: number;
};

async function readLog(path: string): Promise<LogLine[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [kind = "", workflow = "", ordinal, at] = line.split(" ");
      return { kind, workflow, ordinal: Number(ordinal), at: Number(at) };
    });
}

/** A step whose successor had begun was durable; one that had only ended may have died on its way to the disk. */
function compare(before: readonly LogLine[], after: readonly LogLine[], restartedAt: number): Measurements {
  const name = ({ workflow, ordinal }: LogLine): string => `${workflow} ${ordinal}`;
  const starts = (lines: readonly LogLine[]): LogLine[] => lines.filter(({ kind }) => kind === "S");
  const ends = (lines: readonly LogLine[]): LogLine[] => lines.filter(({ kind }) => kind === "E");
  const durable = new Set(starts(before).map((line) => name({ ...line, ordinal: line.ordinal - 1 })));
  const ended = new Set(ends(before).map(name));
  const all = new Set([...ended, ...ends(after).map(name)]);
  const steps = Math.max(...[...before, ...after].map(({ ordinal }) => ordinal)) + 1;
  const workflows = new Set(before.map(({ workflow }) => workflow));
  const back = new Map<string, number>();
  for (const { workflow, at } of starts(after)) if (!back.has(workflow)) back.set(workflow, at - restartedAt);
  const backs = [...back.values()].toSorted((left, right) => left - right);
  return {
    ended_before_kill: ended.size,
    redone_finished: starts(after).filter((line) => durable.has(name(line))).length,
    redone_ended: starts(after).filter((line) => ended.has(name(line))).length,
    complete: all.size === workflows.size * steps,
    first_back_ms: backs[0] ?? null,
    median_back_ms: rounded(median(backs), 0),
    last_back_ms: backs.at(-1) ?? null,
  };
}
