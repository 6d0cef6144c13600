import type { TreeChanges } from "../ports/workspace.ts";

/** The report of what is left behind; however much that is, it stays short. */
export class SkippedPaths {
  readonly #most: number;
  readonly #kept: { readonly path: string; readonly reason: string }[] = [];
  readonly #paths = new Set<string>();
  #more = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(path: string, reason: string): void {
    this.#paths.add(path);
    if (this.#kept.length < this.#most) this.#kept.push({ path: printable(path), reason });
    else this.#more += 1;
  }

  /** Whether it or a directory above it was left behind. */
  covers(path: string, parents: readonly string[]): boolean {
    return this.#paths.has(path) || parents.some((parent) => this.#paths.has(parent));
  }

  report(): TreeChanges["skipped"] {
    const sorted = this.#kept.toSorted((a, b) => (a.path < b.path ? -1 : 1));
    if (this.#more === 0) return sorted;
    return [...sorted, { path: ".", reason: `and ${this.#more} more are not taken over` }];
  }
}

/** Names come from commands and go to logs and models: no control characters, no half characters, not endless. */
function printable(path: string): string {
  const clean = path.toWellFormed().replaceAll(/\p{Cc}/gu, "\ufffd");
  return clean.length <= 200 ? clean : `${clean.slice(0, 199).toWellFormed()}…`;
}
