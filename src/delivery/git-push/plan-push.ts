import { firstFew } from "../../core/first-few.ts";
import { type DeliveryContext, DeliveryError } from "../../ports/delivery-action.ts";
import {
  blobId,
  changesBetween,
  deliveredPaths,
  deliveredTree,
  mergeTrees,
  refuseTwins,
} from "../merge-trees.ts";
import type { Tree, TreeChanges } from "../merge-trees.ts";
import { has, type HistoryCommit, readChanges, readHistory, readTree } from "./read-history.ts";
import { type Exchange, fetchObjects, readRefs } from "./remote-repository.ts";

export type Wanted = {
  readonly branch: string;
  readonly base: string | null;
  readonly path: string | null;
  /** Address of whoever commits for this installation. */
  readonly committer: string;
};

/** What there is to push, as the remote was when it was looked at. */
export type PushPlan = {
  /** The commit of an earlier delivery of the same tree; null when there is something to push. */
  readonly delivered: string | null;
  /** Whether the files stand as that commit has brought them: people may have changed them since, or taken it back. */
  readonly isAsDelivered: boolean;
  /** Of the branch; null when it is not there. */
  readonly seen: string | null;
  readonly parent: string | null;
  /** What is built on, for people. */
  readonly base: string;
  readonly tree: Tree;
  readonly changes: TreeChanges;
  readonly contents: ReadonlyMap<string, string>;
};

const TIP = "refs/orca/tip";
const ORIGIN = "refs/orca/origin";
/** How far back a branch is searched for earlier deliveries, a little at first: it is usually at the tip. */
const DEPTHS = [3, 500] as const;
const MOST_NAMED = 10;

/** Looks at the remote and changes nothing there. Rejects with a DeliveryError, also for a conflict with what people did. */
export async function planPush(
  exchange: Exchange,
  context: DeliveryContext,
  wanted: Wanted,
): Promise<PushPlan> {
  const refs = await readRefs(exchange, wanted);
  const history = refs.branch === null ? [] : await fetchHistory(exchange, refs.branch, context);
  const earlier = history.find((commit) => isDelivery(commit, context));
  if (earlier !== undefined)
    return deliveredBefore(exchange, earlier, { tip: refs.branch!, context, wanted });
  const ofWorkflow = history.filter((commit) => isOfWorkflow(commit, context));
  const own = ofWorkflow.filter((commit) => isUntouched(commit, wanted.committer));
  const imported = await importedCommit(exchange, context, wanted);
  const first = ofWorkflow.at(-1);
  const start =
    first === undefined ? (refs.branch ?? (await fetchBase(exchange, refs.base?.commit))) : first.parent;
  const origin = imported ?? start;
  const before = await readTree(exchange, origin);
  const ours = deliveredTree({ before, context, prefix: wanted.path, onImported: imported !== null, idOf });
  const parent = refs.branch ?? origin;
  const theirs = parent === origin ? before : await readTree(exchange, parent);
  const base = await withOwnChanges(exchange, before, own);
  const { tree, conflicts } = mergeTrees({ base, theirs, ours: ours.tree });
  if (conflicts.length > 0) throw conflictOf(wanted.branch, conflicts);
  const changes = changesBetween(theirs, tree);
  refuseTwins(tree, changes.added);
  const name = refs.branch !== null ? wanted.branch : imported === null ? (refs.base?.name ?? "") : "";
  const shownBase = [name, parent === null ? "an empty repository" : parent.slice(0, 12)];
  return {
    delivered: null,
    isAsDelivered: true,
    seen: refs.branch,
    parent,
    base: shownBase.filter((part) => part !== "").join(" at "),
    tree,
    changes,
    contents: ours.contents,
  };
}

async function fetchHistory(
  exchange: Exchange,
  tip: string,
  context: DeliveryContext,
): Promise<readonly HistoryCommit[]> {
  let history: readonly HistoryCommit[] = [];
  for (const depth of DEPTHS) {
    const fetched = await fetchObjects(exchange, { commit: tip, to: TIP, depth });
    if (!fetched) throw new DeliveryError("The branch moved while it was read.", { temporary: true });
    history = await readHistory(exchange, tip);
    const isWhole = !history.some(({ isCut }) => isCut);
    const hasOrigin = history.some(({ id }) => id === context.imported?.commit);
    const found = history.find((commit) => isDelivery(commit, context));
    if (isWhole || hasOrigin || found?.isCut === false) break;
  }
  return history;
}

function isDelivery({ trailers }: HistoryCommit, { key }: DeliveryContext): boolean {
  return trailers?.key === key;
}

function isOfWorkflow({ trailers, isCut }: HistoryCommit, { workflow_id }: DeliveryContext): boolean {
  return trailers?.workflow === workflow_id && !isCut;
}

/** One that somebody has rebased or amended is theirs: nobody knows what of it was ours. */
function isUntouched(commit: HistoryCommit, ours: string): boolean {
  return commit.isUntouched && commit.committer === ours;
}

async function deliveredBefore(
  exchange: Exchange,
  { id, parent, isCut }: HistoryCommit,
  {
    tip,
    context,
    wanted,
  }: { readonly tip: string; readonly context: DeliveryContext; readonly wanted: Wanted },
): Promise<PushPlan> {
  const [before, tree, now] = await Promise.all(
    [isCut ? id : parent, id, tip].map((commit) => readTree(exchange, commit)),
  );
  const isAsDelivered = deliveredPaths(context, wanted.path).every(
    (path) => now!.get(path) === tree!.get(path),
  );
  const changes = changesBetween(before!, tree!);
  const [seen, contents] = [tip, new Map<string, string>()];
  return { delivered: id, isAsDelivered, seen, parent, base: "", tree: tree!, changes, contents };
}

/** What the workflow began with, when the remote has it and it goes to the same place. */
async function importedCommit(
  exchange: Exchange,
  { imported }: DeliveryContext,
  { path }: Wanted,
): Promise<string | null> {
  if (imported === null || (path !== null && path !== imported.path)) return null;
  if (!/^[0-9a-f]{40}$/.test(imported.commit)) return null;
  const { commit } = imported;
  const isHere =
    (await has(exchange, commit)) || (await fetchObjects(exchange, { commit, to: ORIGIN, depth: 1 }));
  return isHere ? commit : null;
}

async function fetchBase(exchange: Exchange, commit: string | undefined): Promise<string | null> {
  if (commit === undefined) return null;
  if (await fetchObjects(exchange, { commit, to: ORIGIN, depth: 1 })) return commit;
  throw new DeliveryError("The base moved while it was read.", { temporary: true });
}

/** What the files were when we wrote them last; from there on, what differs is the work of others. */
async function withOwnChanges(
  exchange: Exchange,
  origin: Tree,
  own: readonly HistoryCommit[],
): Promise<Tree> {
  const base = new Map(origin);
  for (const { id } of own.toReversed()) {
    for (const [path, entry] of await readChanges(exchange, id)) {
      if (entry === null) base.delete(path);
      else base.set(path, entry);
    }
  }
  return base;
}

/** Keeps what can be executed so. */
function idOf({ path, content, before }: { path: string; content: string; before: string | null }): string {
  const mode = before?.split(" ")[0] ?? "100644";
  if (mode === "100644" || mode === "100755") return `${mode} ${blobId(content)}`;
  const kind = mode === "160000" ? "a submodule" : "a symbolic link";
  throw new DeliveryError(
    `${JSON.stringify(path)} is ${kind} in the repository, which is not replaced by a file. Deliver to another directory of it, or remove the link there.`,
  );
}

function conflictOf(branch: string, conflicts: readonly string[]): DeliveryError {
  const paths = conflicts.map((path) => JSON.stringify(path));
  return new DeliveryError(
    `People have changed the same files on the branch ${branch}: ${firstFew(paths, MOST_NAMED)}. Nothing was pushed. Deliver to another branch and merge it by hand, or take those changes back on ${branch} and deliver again.`,
  );
}
