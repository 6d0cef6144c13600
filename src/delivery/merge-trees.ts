import { hash } from "node:crypto";

import { pathKey, refusalOfPath } from "../core/artifact-path.ts";
import { type DeliveryContext, DeliveryError } from "../ports/delivery-action.ts";
import { parentsOf } from "../workspace/tree-limits.ts";

/** What stands at each path: any text that is the same when nothing differs there, such as a blob's id, or its mode and id. */
export type Tree = ReadonlyMap<string, string>;

export type MergedTree = {
  /** In the place of a conflict is what they have. */
  readonly tree: Tree;
  /** Paths that both have changed, each in its own way, sorted. */
  readonly conflicts: readonly string[];
};

/**
 * Adds our changes since `base` to theirs, path by path. A path that one changed and the other deleted is a conflict,
 * and so is a file of one where the other has a directory.
 */
export function mergeTrees({ base, theirs, ours }: Record<"base" | "theirs" | "ours", Tree>): MergedTree {
  const tree = new Map(theirs);
  const conflicts: string[] = [];
  for (const path of new Set([...base.keys(), ...ours.keys()])) {
    const [before, their, our] = [base.get(path), theirs.get(path), ours.get(path)];
    if (our === before || our === their) continue;
    if (their !== before) conflicts.push(path);
    else if (our === undefined) tree.delete(path);
    else tree.set(path, our);
  }
  for (const path of tree.keys()) {
    const isBlocked = parentsOf(path).some((parent) => tree.has(parent));
    if (isBlocked) conflicts.push(path);
  }
  return { tree, conflicts: [...new Set(conflicts)].toSorted() };
}

export type DeliveredTree = {
  /** All that the delivered commit holds. */
  readonly tree: Tree;
  /** The contents of the paths that the delivery puts there, whether they differ or not. */
  readonly contents: ReadonlyMap<string, string>;
};

export type TreeDelivery = {
  /** Of the commit that is built on; empty when there is none. */
  readonly before: Tree;
  readonly context: Pick<DeliveryContext, "artifacts" | "deleted" | "imported">;
  /** The directory that is delivered to; null for the one that the workflow began with, or the root. */
  readonly prefix: string | null;
  /** Whether `before` has the files that the workflow began with: then those it left alone stay, and those it deleted go. */
  readonly onImported: boolean;
  /** Of a content in the place of what stands there; the id of its blob when missing. */
  readonly idOf?: (place: {
    readonly path: string;
    readonly content: string;
    readonly before: string | null;
  }) => string;
};

/** Where a path of the workflow stands in the tree that is delivered. */
export function placing(
  { imported }: Pick<TreeDelivery["context"], "imported">,
  prefix: string | null,
): (path: string) => string {
  const directory = prefix ?? imported?.path ?? null;
  return (path) => (directory === null ? path : `${directory}/${path}`);
}

/** Where a delivery puts files, or takes them away. */
export function deliveredPaths(context: TreeDelivery["context"], prefix: string | null): string[] {
  const { artifacts, deleted, imported } = context;
  const put = artifacts.filter(({ changed }) => changed || imported === null).map(({ path }) => path);
  return [...put, ...deleted].map(placing(context, prefix));
}

/** Throws a DeliveryError when a file would stand in the way of another, also where case does not count. */
export function deliveredTree(delivery: TreeDelivery): DeliveredTree {
  const { before, context, onImported, idOf = ({ content }) => blobId(content) } = delivery;
  const began = context.imported?.path ?? null;
  const keepsTheRest = onImported && (delivery.prefix ?? began) === began;
  const placed = placing(context, delivery.prefix);
  const tree = new Map(before);
  const contents = new Map<string, string>();
  if (keepsTheRest) for (const path of context.deleted) tree.delete(placed(path));
  for (const artifact of context.artifacts) {
    if (keepsTheRest && !artifact.changed) continue;
    const path = placed(artifact.path);
    const refusal = refusalOfPath(path);
    if (refusal !== null) throw new DeliveryError(`${JSON.stringify(path)} is not delivered: ${refusal}.`);
    tree.set(path, idOf({ path, content: artifact.content, before: before.get(path) ?? null }));
    contents.set(path, artifact.content);
  }
  refuseTwins(tree, changesBetween(before, tree).added);
  return { tree, contents };
}

/** Throws a DeliveryError that names both when one of `added` and another path of the tree can't both be there. */
export function refuseTwins(tree: Tree, added: readonly string[]): void {
  const places = new Map<string, string[]>();
  for (const path of tree.keys()) {
    for (const key of [pathKey(path), ...parentsOf(pathKey(path))]) {
      const there = places.get(key);
      if (there === undefined) places.set(key, [path]);
      else if (there.length < 2) there.push(path);
    }
  }
  const files = new Map([...tree.keys()].map((path) => [pathKey(path), path]));
  for (const path of added) {
    const twin = places.get(pathKey(path))?.find((other) => other !== path);
    const above = parentsOf(pathKey(path)).map((parent) => files.get(parent));
    const other = twin ?? above.find((parent) => parent !== undefined);
    if (other === undefined) continue;
    throw new DeliveryError(
      `${JSON.stringify(path)} and ${JSON.stringify(other)} can't both be there: on many systems they are one file, or one would lie in the other. Rename one of them, or deliver to another directory or branch.`,
    );
  }
}

/** What differs from one tree to another; each sorted. */
export type TreeChanges = Record<"added" | "changed" | "deleted", readonly string[]>;

export function changesBetween(before: Tree, after: Tree): TreeChanges {
  const paths = [...after.keys()].toSorted();
  return {
    added: paths.filter((path) => !before.has(path)),
    changed: paths.filter((path) => before.has(path) && before.get(path) !== after.get(path)),
    deleted: [...before.keys()].filter((path) => !after.has(path)).toSorted(),
  };
}

/** What git calls this content. */
export function blobId(content: string): string {
  return hash("sha1", `blob ${Buffer.byteLength(content)}\0${content}`);
}
