import type { AcceptanceCriterion } from "../../../src/core/documents.ts";
import type { Mode } from "../../../src/core/role-name.ts";
import type { Chance } from "../../chaos/chance.ts";

export const KINDS = ["node", "python", "guide", "data"] as const;
export type Kind = (typeof KINDS)[number];

/** A change of the finished tree: a passage edited, a file written anew, or deleted. */
export type Change =
  | { readonly path: string; readonly from: string; readonly to: string }
  | { readonly path: string; readonly content: string | null };

/** One thing that is wrong, and nothing else. */
export type Defect = {
  readonly name: string;
  readonly plant: readonly Change[];
  /** Receipts that must fail: criteria by id, or stages such as `node: test`. */
  readonly caughtBy: readonly string[];
};

/** Something to be made, with everything that its roles say and write when all goes well. */
export type Job = {
  readonly kind: Kind;
  readonly mode: Mode;
  readonly title: string;
  readonly criteria: readonly AcceptanceCriterion[];
  /** Files by task, in the order in which the tasks depend on each other. */
  readonly tasks: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What the Implementer of a task runs to see for itself. */
  readonly tries: Readonly<Record<string, string>>;
  /** Where QA finds what a criterion says, by id; the first line of the first file otherwise. */
  readonly seen: Readonly<Record<string, { readonly path: string; readonly quote: string }>>;
  readonly defects: readonly Defect[];
};

/** Draws names and numbers, so that no two jobs of a kind are the same. */
export type JobMaker = (chance: Chance) => Job;

export function filesOf(job: Job): ReadonlyMap<string, string> {
  return new Map(Object.values(job.tasks).flatMap((files) => Object.entries(files)));
}

/** The tree after the changes. Throws when a passage does not stand in it exactly once: then nothing would be planted. */
export function changed(tree: ReadonlyMap<string, string>, changes: readonly Change[]): Map<string, string> {
  const after = new Map(tree);
  for (const change of changes) {
    const before = after.get(change.path);
    if ("content" in change) {
      if (change.content === null) after.delete(change.path);
      else after.set(change.path, change.content);
    } else {
      const parts = before?.split(change.from) ?? [];
      if (parts.length !== 2)
        throw new Error(`${change.path} does not contain ${JSON.stringify(change.from)} exactly once`);
      after.set(change.path, parts.join(change.to));
    }
    if (before === after.get(change.path)) throw new Error(`nothing changes in ${change.path}`);
  }
  return after;
}
