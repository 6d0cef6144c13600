import { readFile } from "node:fs/promises";

import type { Measurements } from "./case.ts";
import { median, rounded } from "./statistics.ts";

/** A start (S) or an end (E) of a step, as the job writes them. */
export type LogLine = {
  readonly kind: string;
  readonly workflow: string;
  readonly ordinal: number;
  readonly at: number;
};

/** Whole lines only; none when there is no file yet. */
export async function readLog(path: string): Promise<LogLine[]> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [kind = "", workflow = "", ordinal, at] = line.split(" ");
      return { kind, workflow, ordinal: Number(ordinal), at: Number(at) };
    });
}

export function endsIn(lines: readonly LogLine[]): LogLine[] {
  return lines.filter(({ kind }) => kind === "E");
}

/** A step whose successor had begun was durable; one that had only ended may have died on its way to the disk. */
export function compareLogs(
  before: readonly LogLine[],
  after: readonly LogLine[],
  since: number,
): Measurements {
  const name = ({ workflow, ordinal }: LogLine): string => `${workflow} ${ordinal}`;
  const starts = (lines: readonly LogLine[]): LogLine[] => lines.filter(({ kind }) => kind === "S");
  const durable = new Set(starts(before).map((line) => name({ ...line, ordinal: line.ordinal - 1 })));
  const ended = new Set(endsIn(before).map(name));
  const all = new Set([...ended, ...endsIn(after).map(name)]);
  const steps = Math.max(...[...before, ...after].map(({ ordinal }) => ordinal)) + 1;
  const workflows = new Set(before.map(({ workflow }) => workflow));
  const back = new Map<string, number>();
  for (const { workflow, at } of starts(after)) if (!back.has(workflow)) back.set(workflow, at - since);
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
