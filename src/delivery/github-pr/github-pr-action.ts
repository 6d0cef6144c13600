import { z } from "zod";

import { SecretReference } from "../../core/secret-reference.ts";
import {
  type DeliveryAction,
  type DeliveryContext,
  DeliveryError,
  type DeliveryPreview,
  type DeliveryReceipt,
} from "../../ports/delivery-action.ts";
import { branchName } from "../branch-name.ts";
import { DEFAULT_TOKEN, type GitHubParts, openGitHub } from "../github-client.ts";
import { isNothing, land, type Landed, standsAsDelivered, survey, type Target } from "../github-landing.ts";
import { CHANGED_SINCE, placeName, previewCommit } from "../github-preview.ts";
import { commitLink, DELIVERED_BEFORE, metadataOf } from "../github-receipt.ts";
import { BranchName, DirectoryName, GitHubRepository, RepositoryName } from "../github-repository.ts";
import { refuseLongFiles } from "../github-trees.ts";
import { isSameRepository } from "../same-repository.ts";
import { commentOn } from "./issue-comment.ts";
import { pullBody, pullTitle } from "./pull-body.ts";
import {
  addLabels,
  askReviewers,
  mergedPull,
  openPull,
  type Pull,
  pullsOf,
  updatePull,
  type WantedPull,
} from "./pulls.ts";

const Login = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}(\[bot\])?$/, "write the name without @");
const Line = z.string().regex(/^[^\r\n]*$/, "one line");

const ConfigSchema = z.strictObject({
  repo: RepositoryName,
  base: BranchName.optional(),
  branch: BranchName.optional(),
  title: Line.min(1).max(256).optional(),
  body: z.string().max(30_000).optional(),
  path: DirectoryName.optional(),
  draft: z.boolean().optional(),
  labels: z.array(Line.min(1).max(50)).max(20).optional(),
  reviewers: z.array(Login).max(15).optional(),
  team_reviewers: z.array(Login).max(15).optional(),
  token: SecretReference.optional(),
  comment_on: z.int().min(1).nullable().optional(),
});
export type GitHubPrConfig = z.infer<typeof ConfigSchema>;

/** Delivers as a pull request: one branch, one commit, one pull request of a workflow, whatever happens in between. */
export function createGitHubPrAction(parts: GitHubParts): DeliveryAction<GitHubPrConfig> {
  return {
    name: "github-pr",
    description: "Opens a pull request with the result on GitHub, or updates the one of an earlier delivery.",
    outward: true,
    semantics: "keyed",
    config: ConfigSchema,
    returnsTo: ({ repo }, origin) => isSameRepository(origin.repo, `${parts.webUrl}/${repo}`),
    deliver: (config, context) => deliver(parts, config, context),
    preview: (config, context) => preview(parts, config, context),
  };
}

/** What is there before anything is done. */
type Scene = {
  readonly repository: GitHubRepository;
  readonly target: Target;
  readonly open: Pull | null;
  /** The one that has brought this very delivery in. */
  readonly merged: Pull | null;
};

async function look(parts: GitHubParts, config: GitHubPrConfig, context: DeliveryContext): Promise<Scene> {
  refuseLongFiles(context.artifacts);
  const reference = config.token ?? DEFAULT_TOKEN;
  const client = await openGitHub(parts, { repo: config.repo, reference }, context);
  const { repository, default_branch } = await new GitHubRepository(client, config.repo).asNamed();
  const branch = config.branch ?? branchName(context);
  const pulls = await pullsOf(repository, branch);
  const open = openOf(pulls, config);
  const base = config.base ?? open?.base.ref ?? default_branch;
  if (base === branch)
    throw new DeliveryError(
      `A pull request needs two branches, and both are ${branch}; give another branch, or deliver by repo-commit.`,
    );
  const merged = open === null ? await mergedPull(repository, pulls, context) : null;
  return { repository, target: { branch, base, prefix: config.path ?? null, message: null }, open, merged };
}

/** A branch may have one for each base: the one for the configured base comes first. */
function openOf(pulls: readonly Pull[], { base }: GitHubPrConfig): Pull | null {
  const open = pulls.filter(({ state }) => state === "open");
  return open.find((pull) => pull.base.ref === base) ?? open[0] ?? null;
}

async function deliver(
  parts: GitHubParts,
  config: GitHubPrConfig,
  context: DeliveryContext,
): Promise<DeliveryReceipt> {
  const scene = await look(parts, config, context);
  const { repository, target, merged } = scene;
  if (merged !== null && (await isDone(scene, context)))
    return finish(scene, config, {
      context,
      pull: merged,
      isAsDelivered: await standsMerged(scene, merged, context),
    });
  const { ground, landed } = await land(repository, target, context);
  const isThere = landed.changes === null || isNothing(landed.changes);
  if (scene.open === null && isThere && !ground.isAhead) return alreadyThere(scene, landed);
  const pull = await bringPull(scene, config, context);
  parts.failpoint?.("github.pull");
  return finish(scene, config, { context, pull, ...landed });
}

/** Nothing came after what was merged: neither on its branch nor, when that is gone, anywhere. */
async function isDone({ repository, target, merged }: Scene, context: DeliveryContext): Promise<boolean> {
  const tip = await repository.tip(target.branch);
  if (tip === null || tip === merged?.head.sha) return true;
  const ground = await survey(repository, target, context);
  return !ground.isAhead;
}

/** Whether the base has the files as the pull request has brought them. */
async function standsMerged(
  { repository, target }: Scene,
  { head }: Pull,
  context: DeliveryContext,
): Promise<boolean> {
  const baseTip = await repository.tip(target.base);
  const tip = baseTip === null ? null : await repository.commit(baseTip);
  const delivered = await repository.commit(head.sha);
  // What is gone can't be compared.
  if (tip === null || delivered === null) return true;
  return standsAsDelivered(repository, { tip, delivered }, { target, context });
}

async function bringPull(scene: Scene, config: GitHubPrConfig, context: DeliveryContext): Promise<Pull> {
  const { repository, target } = scene;
  const wanted: WantedPull = {
    branch: target.branch,
    base: target.base,
    title: config.title ?? null,
    newTitle: pullTitle(context),
    body: (existing) => pullBody(existing, context, config.body ?? null),
    draft: config.draft ?? false,
  };
  if (scene.open === null) {
    const opened = await openPull(repository, wanted);
    if (opened !== null) return opened;
  }
  const open = scene.open ?? openOf(await pullsOf(repository, target.branch), config);
  if (open === null)
    throw new DeliveryError("The pull request was closed while it was looked for.", { temporary: true });
  await updatePull(repository, open, { ...wanted, base: config.base ?? null });
  return open;
}

type Finish = {
  readonly context: DeliveryContext;
  readonly pull: Pull;
  readonly commit?: string;
  readonly base?: string;
  readonly isAsDelivered: boolean;
};

/** What hangs on the pull request, and the receipt. */
async function finish(
  { repository, target }: Scene,
  config: GitHubPrConfig,
  { context, pull, commit, base, isAsDelivered }: Finish,
): Promise<DeliveryReceipt> {
  const isOpen = pull.merged_at === null;
  if (isOpen) {
    await addLabels(repository, pull, config.labels ?? []);
    const { reviewers = [], team_reviewers = [] } = config;
    await askReviewers(repository, pull, { people: reviewers, teams: team_reviewers });
  }
  const links = [pull.html_url];
  if (config.comment_on != null) {
    links.push(await commentOn(repository, config.comment_on, { pull, context }));
    repository.client.parts.failpoint?.("github.comment");
  }
  const metadata = {
    repository: repository.name,
    branch: target.branch,
    base: target.base,
    base_commit: base,
    commit: commit ?? pull.head.sha,
    pull_number: String(pull.number),
    state: isOpen ? "open" : "merged",
    commit_state: isAsDelivered ? undefined : DELIVERED_BEFORE,
  };
  return { action: "github-pr", links, metadata: metadataOf(metadata) };
}

/** The base holds every file as it is delivered, or did: GitHub has no pull request for that. */
function alreadyThere(
  { repository, target }: Scene,
  { commit, isAsDelivered }: Pick<Landed, "commit" | "isAsDelivered">,
): DeliveryReceipt {
  const metadata = {
    repository: repository.name,
    base: target.base,
    commit,
    state: isAsDelivered ? "nothing_to_change" : DELIVERED_BEFORE,
  };
  return { action: "github-pr", links: [commitLink(repository, commit)], metadata: metadataOf(metadata) };
}

async function preview(
  parts: GitHubParts,
  config: GitHubPrConfig,
  context: DeliveryContext,
): Promise<DeliveryPreview> {
  const scene = await look(parts, config, context);
  const { repository, target, open, merged } = scene;
  const place = placeName(repository, target.branch);
  if (merged !== null && (await isDone(scene, context))) {
    const since = (await standsMerged(scene, merged, context)) ? "" : CHANGED_SINCE;
    return { target: place, effects: [`nothing: it was merged by ${merged.html_url}${since}`] };
  }
  const ground = await survey(repository, target, context);
  const { labels = [], reviewers = [], team_reviewers = [], comment_on = null } = config;
  const draft = config.draft === true ? "draft of a " : "";
  const asked = [...reviewers, ...team_reviewers];
  const effects = [
    ...(await previewCommit(repository, ground, { target, context })),
    open === null ? `opens a ${draft}pull request into ${target.base}` : `updates ${open.html_url}`,
    ...(labels.length === 0 ? [] : [`labels it ${labels.join(", ")}`]),
    ...(asked.length === 0 ? [] : [`asks for a review: ${asked.join(", ")}`]),
    ...(comment_on === null ? [] : [`leaves a comment with the link on #${comment_on}`]),
  ];
  return { target: place, effects };
}
