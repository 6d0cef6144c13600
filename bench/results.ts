import { appendFileSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";

import type { ResultRow } from "./case.ts";
import type { JobShape } from "./job.ts";
import { median } from "./statistics.ts";

/** The rows of a run, kept in a file as they come and read by what they measure. */
export class Results {
  readonly rows: ResultRow[] = [];
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
    mkdirSync(dirname(file), { recursive: true });
    rmSync(file, { force: true });
  }

  add(row: ResultRow): void {
    this.rows.push(row);
    appendFileSync(this.#file, `${JSON.stringify(row)}\n`);
  }

  /** Median over the repeats; null where nothing was measured. */
  median(cell: Cell, value: string): number | null {
    const numbers = this.#matching(cell).map((row) => row.measured[value]);
    return median(numbers.filter((number) => typeof number === "number"));
  }

  /** True when it held in every repeat; null where nothing was measured. */
  always(cell: Cell, value: string): boolean | null {
    const answers = this.#matching(cell).map((row) => row.measured[value]);
    return answers.length === 0 ? null : answers.every((answer) => answer === true);
  }

  has(cell: Cell): boolean {
    return this.#matching(cell).length > 0;
  }

  #matching(cell: Cell): ResultRow[] {
    const { slow_fsync_us = 0, ...rest } = cell;
    const wanted = Object.entries({ slow_fsync_us, ...rest });
    return this.rows.filter(
      (row) => row.error === null && wanted.every(([name, value]) => row[name as keyof ResultRow] === value),
    );
  }
}

/** Which rows belong together: all that have these values. */
export type Cell = Partial<
  Pick<ResultRow, "scenario" | "system" | "job" | "concurrency" | "slow_fsync_us" | "workflows">
>;

export function jobName({ chained, parallel }: JobShape): string {
  return `${chained}+${parallel}`;
}
