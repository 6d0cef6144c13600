import { firstFew } from "../core/first-few.ts";
import { type DeliveryContext, DeliveryError } from "../ports/delivery-action.ts";
import { commitMessage, trailersOf } from "./commit-message.ts";
import type { Commit, GitHubRepository } from "./github-repository.ts";
import { isStartOf } from "./github-start.ts";
import { idInTree, readTree, refuseLongFiles, writeTree } from "./github-trees.ts";
import {
  changesBetween,
  deliveredPaths,
  deliveredTree,
  mergeTrees,
  placing,
  refuseTwins,
  type Tree,
  type TreeChanges,
} from "./merge-trees.ts";
import { isSameRepository } from "./same-repository.ts";

/** Where the delivered tree is to stand. */
export type Target = {
  readonly branch: string;
  /** What is built on when the branch is not there, or holds nothing of its own; the same branch for a commit to it. */
  readonly base: string;
  /** The directory that is delivered to; null for the one that the workflow began with, or the root. */
  readonly prefix: string | null;
  /** In the place of the title and summary, above the trailers. */
  readonly message: string | null;
};

/** What stands at the target. */
export type Ground = {
  readonly baseTip: string;
  /** Null when the branch is not there. */
  readonly tip: string | null;
  /** Whether the branch has commits that the base lacks. */
  readonly isAhead: boolean;
  /** A commit of this very delivery, or one that has taken it in. */
  readonly delivered: Commit | null;
  /** Whether the files stand as that commit has brought them: people may have changed them since, or taken it back. */
  readonly isAsDelivered: boolean;
  /** The commit that is built on. */
  readonly on: Commit;
  /** The newest delivery of this workflow before. */
  readonly previous: Commit | null;
  /** What our changes are made to: where the workflow began, or the first delivery; null is nothing. */
  readonly origin: Commit | null;
  readonly onImported: boolean;
};

export type Plan = {
  readonly ground: Ground;
  readonly before: Tree;
  readonly after: Tree;
  readonly contents: ReadonlyMap<string, string>;
  readonly changes: TreeChanges;
};

export type Landed = {
  readonly commit: string;
  /** What it was built on. */
  readonly base: string;
  /** Null when it was delivered before. */
  readonly changes: TreeChanges | null;
  /** False when it was delivered before, and the files are not as they were then. */
  readonly isAsDelivered: boolean;
};

/** How often the target may move away while a commit is made for it. */
const MOST_LOOKS = 3;
const NAMED_PATHS = 10;

/** Looks at the target and changes nothing. */
export async function survey(
  repository: GitHubRepository,
  target: Target,
  context: DeliveryContext,
): Promise<Ground> {
  const { branch, base } = target;
  const baseTip = await repository.tip(base);
  if (baseTip === null)
    throw new DeliveryError(
      `${repository.name} has no branch ${base}; name one that it has, then deliver again.`,
    );
  const tip = branch === base ? baseTip : await repository.tip(branch);
  const compared = tip === null || tip === baseTip ? null : await repository.compare(baseTip, tip);
  if (tip !== null && tip !== baseTip && compared === null)
    throw new DeliveryError(
      `The branches ${branch} and ${base} of ${repository.name} have no commit in common; deliver to another branch.`,
    );
  const isAhead = compared !== null && compared.ahead_by > 0;
  const top = isAhead ? tip! : baseTip;
  const history = await repository.history(top);
  // One that a person has amended is that person's, whatever it says of itself.
  const { email } = repository.client.parts.author;
  const own = history.filter(
    ({ message, committer }) => committer === email && trailersOf(message)?.workflow === context.workflow_id,
  );
  const imported = await importedCommit(repository, baseTip, context);
  const on = tip === null && imported?.isBelowBase ? imported.commit : await known(repository, top, history);
  const first = own.at(-1)?.parents[0] ?? null;
  const begun = own.length > 0 ? first : (compared?.merge_base_commit.sha ?? on.sha);
  const began = imported?.commit ?? (begun === null ? null : await known(repository, begun, history));
  const delivered = history.find(({ message }) => hasKey(message, context.key)) ?? null;
  const standing = delivered === null ? null : { tip: await known(repository, top, history), delivered };
  const isStart = (commit: Commit | null): boolean => commit !== null && isStartOf(commit, context);
  return {
    baseTip,
    tip,
    isAhead,
    delivered,
    isAsDelivered: standing === null || (await standsAsDelivered(repository, standing, { target, context })),
    on,
    previous: own[0] ?? history.find(isStart) ?? null,
    origin: isStart(began) ? null : began,
    onImported: imported !== null,
  };
}

/** Whether the files are at `tip` as they are in `delivered`. */
export async function standsAsDelivered(
  repository: GitHubRepository,
  { tip, delivered }: { readonly tip: Commit; readonly delivered: Commit },
  { target, context }: { readonly target: Target; readonly context: DeliveryContext },
): Promise<boolean> {
  if (tip.tree === delivered.tree) return true;
  const paths = deliveredPaths(context, target.prefix);
  const now = await readTree(repository, tip.tree, paths);
  const then = await readTree(repository, delivered.tree, paths);
  return paths.every((path) => now.get(path) === then.get(path));
}

/** Whether a commit is this delivery, or holds it among others that were put together. */
export function hasKey(message: string, key: string): boolean {
  return message.split("\n").some((line) => line.trim() === `Orca-Key: ${key}`);
}

async function known(repository: GitHubRepository, sha: string, history: readonly Commit[]): Promise<Commit> {
  const found = history.find((one) => one.sha === sha) ?? (await repository.commit(sha));
  if (found === null)
    throw new DeliveryError(`${repository.name} has lost the commit ${sha} meanwhile.`, { temporary: true });
  return found;
}

type Imported = { readonly commit: Commit; readonly isBelowBase: boolean };

/** The commit that the workflow began with when it began with this repository, null when it did not. */
async function importedCommit(
  repository: GitHubRepository,
  baseTip: string,
  { imported }: DeliveryContext,
): Promise<Imported | null> {
  if (imported === null) return null;
  const isHere = isSameRepository(imported.repo, `${repository.client.webUrl}/${repository.name}`);
  const commit = await repository.commit(imported.commit);
  if (commit === null) {
    if (!isHere) return null;
    throw new DeliveryError(
      `${repository.name} no longer has the commit ${imported.commit} that the workflow began with, so its changes can't be told from those of others. Deliver to another repository, or by artifact-bundle.`,
    );
  }
  const compared = commit.sha === baseTip ? { ahead_by: 0 } : await repository.compare(baseTip, commit.sha);
  const isBelowBase = compared?.ahead_by === 0;
  return isBelowBase || isHere ? { commit, isBelowBase } : null;
}

/** What a commit for the target would change. Throws a DeliveryError that names the paths when it is not ours to decide. */
export async function planCommit(
  repository: GitHubRepository,
  ground: Ground,
  { target, context }: { readonly target: Target; readonly context: DeliveryContext },
): Promise<Plan> {
  const { on, previous, origin, onImported } = ground;
  const { prefix } = target;
  const paths = [...context.artifacts.map(({ path }) => path), ...context.deleted].map(
    placing(context, prefix),
  );
  const trees = new Map<string, Tree>();
  const treeOf = async (commit: Commit | null): Promise<Tree> => {
    if (commit === null) return new Map();
    const tree = trees.get(commit.tree) ?? (await readTree(repository, commit.tree, paths));
    trees.set(commit.tree, tree);
    return tree;
  };
  const before = await treeOf(origin);
  const delivered = deliveredTree({ before, context, prefix, onImported, idOf: idInTree });
  const theirs = await treeOf(on);
  const base = await treeOf(previous ?? origin);
  const { tree, conflicts } = mergeTrees({ base, theirs, ours: delivered.tree });
  if (conflicts.length > 0) throw conflict(conflicts, target, repository);
  const changes = changesBetween(theirs, tree);
  refuseTwins(tree, changes.added);
  return { ground, before: theirs, after: tree, contents: delivered.contents, changes };
}

function conflict(paths: readonly string[], { branch }: Target, { name }: GitHubRepository): DeliveryError {
  return new DeliveryError(
    `Others have changed on ${branch} of ${name} what this delivery changes too: ${firstFew(paths, NAMED_PATHS)}. Nothing was overwritten; deliver to another branch and merge by hand, or start again from how it is now.`,
  );
}

/** Puts the tree on the branch in one commit, unless it is there; never by force. */
export async function land(
  repository: GitHubRepository,
  target: Target,
  context: DeliveryContext,
): Promise<{ readonly ground: Ground; readonly landed: Landed }> {
  refuseLongFiles(context.artifacts);
  for (let look = 1; look <= MOST_LOOKS; look += 1) {
    const ground = await survey(repository, target, context);
    const landed = await landOn(repository, ground, { target, context });
    if (landed !== null) return { ground, landed };
  }
  throw new DeliveryError(
    `The branch ${target.branch} of ${repository.name} moved ${MOST_LOOKS} times while a commit was made for it.`,
    { temporary: true },
  );
}

/** Null when the branch is elsewhere by now. */
async function landOn(
  repository: GitHubRepository,
  ground: Ground,
  { target, context }: { readonly target: Target; readonly context: DeliveryContext },
): Promise<Landed | null> {
  const { tip, on, delivered } = ground;
  if (delivered !== null) {
    const { isAsDelivered } = ground;
    return {
      commit: delivered.sha,
      base: delivered.parents[0] ?? delivered.sha,
      changes: null,
      isAsDelivered,
    };
  }
  const { before, after, contents, changes } = await planCommit(repository, ground, { target, context });
  if (isNothing(changes)) return { commit: on.sha, base: on.sha, changes, isAsDelivered: true };
  const { failpoint } = repository.client.parts;
  const tree = await writeTree(repository, { on: on.tree, before, after, contents });
  failpoint?.("github.blobs");
  const message = commitMessage(context, target.message);
  const commit = await repository.createCommit({ message, tree, parents: [on.sha] }, context.at);
  failpoint?.("github.commit");
  const stands = await (tip === null
    ? repository.createBranch(target.branch, commit)
    : repository.moveBranch(target.branch, commit));
  if (!stands) return null;
  failpoint?.("github.branch");
  return { commit, base: on.sha, changes, isAsDelivered: true };
}

export function isNothing({ added, changed, deleted }: TreeChanges): boolean {
  return added.length + changed.length + deleted.length === 0;
}
