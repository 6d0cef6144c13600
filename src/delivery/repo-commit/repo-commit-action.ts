import { z } from "zod";

import { SecretReference } from "../../core/secret-reference.ts";
import type {
  DeliveryAction,
  DeliveryContext,
  DeliveryPreview,
  DeliveryReceipt,
} from "../../ports/delivery-action.ts";
import { DEFAULT_TOKEN, type GitHubParts, openGitHub } from "../github-client.ts";
import { land, survey, type Target } from "../github-landing.ts";
import { placeName, previewCommit } from "../github-preview.ts";
import { commitReceipt } from "../github-receipt.ts";
import { BranchName, DirectoryName, GitHubRepository, RepositoryName } from "../github-repository.ts";
import { startRepository } from "../github-start.ts";
import { refuseLongFiles } from "../github-trees.ts";
import { isSameRepository } from "../same-repository.ts";

const ConfigSchema = z.strictObject({
  repo: RepositoryName,
  branch: BranchName.optional(),
  path: DirectoryName.optional(),
  message: z.string().min(1).max(4000).optional(),
  token: SecretReference.optional(),
});
export type RepoCommitConfig = z.infer<typeof ConfigSchema>;

/** Delivers as one commit on a branch that is there, by default the one that people work on. */
export function createRepoCommitAction(parts: GitHubParts): DeliveryAction<RepoCommitConfig> {
  return {
    name: "repo-commit",
    description: "Adds the result to a branch of a repository on GitHub as one commit, without a review.",
    outward: true,
    semantics: "keyed",
    config: ConfigSchema,
    returnsTo: ({ repo }, origin) => isSameRepository(origin.repo, `${parts.webUrl}/${repo}`),
    deliver: (config, context) => deliver(parts, config, context),
    preview: (config, context) => preview(parts, config, context),
  };
}

async function look(
  parts: GitHubParts,
  config: RepoCommitConfig,
  context: DeliveryContext,
): Promise<{ readonly repository: GitHubRepository; readonly target: Target; readonly isEmpty: boolean }> {
  refuseLongFiles(context.artifacts);
  const reference = config.token ?? DEFAULT_TOKEN;
  const client = await openGitHub(parts, { repo: config.repo, reference }, context);
  const { repository, default_branch } = await new GitHubRepository(client, config.repo).asNamed();
  const branch = config.branch ?? default_branch;
  const isEmpty = await repository.isEmpty(branch);
  const { path: prefix = null, message = null } = config;
  return { repository, target: { branch, base: branch, prefix, message }, isEmpty };
}

async function deliver(
  parts: GitHubParts,
  config: RepoCommitConfig,
  context: DeliveryContext,
): Promise<DeliveryReceipt> {
  const { repository, target, isEmpty } = await look(parts, config, context);
  if (isEmpty) await startRepository(repository, target.branch, context);
  const { landed } = await land(repository, target, context);
  return commitReceipt("repo-commit", repository, { target, landed });
}

async function preview(
  parts: GitHubParts,
  config: RepoCommitConfig,
  context: DeliveryContext,
): Promise<DeliveryPreview> {
  const { repository, target, isEmpty } = await look(parts, config, context);
  const place = placeName(repository, target.branch);
  if (isEmpty)
    return {
      target: place,
      effects: [`makes the first commits of ${target.branch}, in an empty repository`],
    };
  const ground = await survey(repository, target, context);
  return { target: place, effects: await previewCommit(repository, ground, { target, context }) };
}
