import { spawnSync } from "node:child_process";

import { Chance } from "../../chaos/chance.ts";
import { csvAnalysis } from "./csv-analysis.ts";
import type { Play, Variant } from "./job-script.ts";
import { type Job, type JobMaker, type Kind, KINDS } from "./job.ts";
import { markdownGuide } from "./markdown-guide.ts";
import { nodeCli } from "./node-cli.ts";
import { pythonPackage } from "./python-package.ts";

const MAKERS: Readonly<Record<Kind, JobMaker>> = {
  node: nodeCli,
  python: pythonPackage,
  guide: markdownGuide,
  data: csvAnalysis,
};

/** Why jobs of this kind can't be done here, null when they can. */
export function whyNot(kind: Kind): string | null {
  if (kind !== "python") return null;
  const { status } = spawnSync("python3", ["--version"], { stdio: "ignore" });
  return status === 0 ? null : "python3 is missing: apt-get install python3";
}

/**
 * The first `size` of all cases, kind by kind in turn: what is sound, then each defect planted and mended; then the same
 * with other names and numbers.
 */
export function drawCases(seed: string, size: number): readonly Play[] {
  const kinds = KINDS.filter((kind) => whyNot(kind) === null);
  const cases: Play[] = [];
  for (let round = 1; cases.length < size; round += 1) {
    const lists = kinds.map((kind) =>
      casesOf(MAKERS[kind](new Chance(seed, kind, round)), new Chance(seed, round)),
    );
    const longest = Math.max(...lists.map((list) => list.length));
    for (let index = 0; index < longest; index += 1)
      cases.push(...lists.flatMap((list) => list[index] ?? []));
  }
  return cases.slice(0, size);
}

function casesOf(job: Job, chance: Chance): Play[] {
  const play = (variant: Variant, defect: Play["defect"]): Play => ({ job, variant, defect });
  // What only a criterion's own check catches: without checks nothing does.
  const onlyChecks = job.defects.filter(({ caughtBy }) => caughtBy.every((name) => name.startsWith("AC")));
  const unchecked = play("unchecked", chance.pick(onlyChecks));
  const pairs = inAnyOrder(job.defects, chance).flatMap((defect) => [
    play("planted", defect),
    play("mended", defect),
  ]);
  return [play("sound", null), ...pairs.slice(0, 2), unchecked, ...pairs.slice(2)];
}

function inAnyOrder<T>(values: readonly T[], chance: Chance): T[] {
  return values
    .map((value) => ({ value, at: chance.next() }))
    .toSorted((left, right) => left.at - right.at)
    .map(({ value }) => value);
}
