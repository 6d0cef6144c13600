import { z } from "zod";

import { SecretReference } from "../../core/secret-reference.ts";
import {
  type DeliveryAction,
  type DeliveryContext,
  DeliveryError,
  type DeliveryPreview,
  type DeliveryReceipt,
} from "../../ports/delivery-action.ts";
import { trailersOf } from "../commit-message.ts";
import { DEFAULT_TOKEN, type GitHubClient, type GitHubParts, openGitHub } from "../github-client.ts";
import { land, survey, type Target } from "../github-landing.ts";
import { placeName, previewCommit } from "../github-preview.ts";
import { commitReceipt } from "../github-receipt.ts";
import { GitHubRepository, OwnerName, PlainName, Repository, unless } from "../github-repository.ts";
import { isStartOf, startRepository } from "../github-start.ts";
import { refuseLongFiles } from "../github-trees.ts";

const ConfigSchema = z.strictObject({
  name: PlainName,
  owner: OwnerName.optional(),
  description: z.string().max(350).optional(),
  private: z.boolean().optional(),
  token: SecretReference.optional(),
});
export type GitHubRepoConfig = z.infer<typeof ConfigSchema>;

const User = z.object({ login: z.string() });

/** Delivers as a repository of its own, made for it. */
export function createGitHubRepoAction(parts: GitHubParts): DeliveryAction<GitHubRepoConfig> {
  return {
    name: "github-repo",
    description: "Creates a repository on GitHub, private as a rule, with the result as its first content.",
    outward: true,
    semantics: "keyed",
    config: ConfigSchema,
    deliver: (config, context) => deliver(parts, config, context),
    preview: (config, context) => preview(parts, config, context),
  };
}

/** `found` is null when the repository is still to be made. */
type Scene = {
  readonly repository: GitHubRepository;
  readonly found: Repository | null;
  readonly isOwn: boolean;
};

async function look(parts: GitHubParts, config: GitHubRepoConfig, context: DeliveryContext): Promise<Scene> {
  refuseLongFiles(context.artifacts);
  const reference = config.token ?? DEFAULT_TOKEN;
  const shown = config.owner === undefined ? config.name : `${config.owner}/${config.name}`;
  const client = await openGitHub(parts, { repo: shown, reference }, context);
  const { login } = await client.ask("read who the token belongs to", User, ({ users }) =>
    users.getAuthenticated(),
  );
  const owner = config.owner ?? login;
  const repository = new GitHubRepository(client, `${owner}/${config.name}`);
  const isOwn = owner.toLowerCase() === login.toLowerCase();
  return { repository, found: await repository.find(), isOwn };
}

async function deliver(
  parts: GitHubParts,
  config: GitHubRepoConfig,
  given: DeliveryContext,
): Promise<DeliveryReceipt> {
  const context = onItsOwn(given);
  const { repository, found, isOwn } = await look(parts, config, context);
  const { default_branch, html_url } =
    found ?? (await create(repository.client, { config, repository, isOwn })) ?? (await repository.read());
  parts.failpoint?.("github.repository");
  const target = targetOf(default_branch);
  if (await repository.isEmpty(default_branch)) await startRepository(repository, default_branch, context);
  else await refuseForeign(repository, default_branch, context);
  const { landed } = await land(repository, target, context);
  const receipt = commitReceipt("github-repo", repository, { target, landed });
  return { ...receipt, links: [html_url, ...receipt.links] };
}

/** A new repository holds the whole tree, wherever that began. */
function onItsOwn(context: DeliveryContext): DeliveryContext {
  return { ...context, imported: null, deleted: [] };
}

function targetOf(branch: string): Target {
  return { branch, base: branch, prefix: null, message: null };
}

/** Null when there is one of that name by now. */
async function create(
  client: GitHubClient,
  { config, repository, isOwn }: Omit<Scene, "found"> & { readonly config: GitHubRepoConfig },
): Promise<Repository | null> {
  const { description = "" } = config;
  const request = { name: config.name, description, private: config.private ?? true, auto_init: false };
  const what = "create the repository";
  return unless(/already exists/i, () =>
    isOwn
      ? client.ask(what, Repository, ({ repos }) => repos.createForAuthenticatedUser(request))
      : client.ask(what, Repository, ({ repos }) =>
          repos.createInOrg({ ...request, org: repository.place.owner }),
        ),
  );
}

/** What somebody else has put there is not added to: nothing said that this name was meant. */
async function refuseForeign(
  repository: GitHubRepository,
  branch: string,
  context: DeliveryContext,
): Promise<void> {
  const history = await repository.history(branch);
  const isOurs = history.some(
    (commit) => trailersOf(commit.message)?.workflow === context.workflow_id || isStartOf(commit, context),
  );
  if (isOurs) return;
  throw new DeliveryError(
    `There is a repository ${repository.name} already, and it is not empty. Choose another name, or deliver into it by github-pr or repo-commit.`,
  );
}

async function preview(
  parts: GitHubParts,
  config: GitHubRepoConfig,
  given: DeliveryContext,
): Promise<DeliveryPreview> {
  const context = onItsOwn(given);
  const { repository, found } = await look(parts, config, context);
  const files = `with ${context.artifacts.length} files on its default branch`;
  const place = `${new URL(repository.client.webUrl).host}/${repository.name}`;
  if (found === null) {
    const kind = (config.private ?? true) ? "private" : "public";
    return { target: place, effects: [`creates the ${kind} repository ${repository.name}`, files] };
  }
  const branch = found.default_branch;
  const target = placeName(repository, branch);
  if (await repository.isEmpty(branch))
    return { target, effects: ["fills the empty repository that is there", files] };
  await refuseForeign(repository, branch, context);
  const ground = await survey(repository, targetOf(branch), context);
  return { target, effects: await previewCommit(repository, ground, { target: targetOf(branch), context }) };
}
