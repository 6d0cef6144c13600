import type { DeliveryAction } from "../ports/delivery-action.ts";
import { apiResponseAction } from "./api-response/api-response-action.ts";
import { artifactBundleAction } from "./artifact-bundle/artifact-bundle-action.ts";
import { blogDraftAction } from "./blog-draft/blog-draft-action.ts";
import { createDirectoryAction } from "./directory/directory-action.ts";
import { docDraftAction } from "./doc-draft/doc-draft-action.ts";
import { createEmailAction, type EmailActionParts } from "./email/email-action.ts";
import { createGitPushAction, type GitPushParts } from "./git-push/git-push-action.ts";
import type { GitHubParts } from "./github-client.ts";
import { createGitHubPrAction } from "./github-pr/github-pr-action.ts";
import { createGitHubRepoAction } from "./github-repo/github-repo-action.ts";
import { markdownExportAction } from "./markdown-export/markdown-export-action.ts";
import { createRepoCommitAction } from "./repo-commit/repo-commit-action.ts";
import { createWebhookAction, type WebhookActionParts } from "./webhook/webhook-action.ts";

/** Every delivery action by its name. A new one is a folder beside these and a line here. */
export function createDeliveryActions(config: {
  readonly directory: { readonly allowed: readonly string[]; readonly defaultRoot: string };
  readonly git: GitPushParts;
  readonly github: GitHubParts;
  readonly webhook: WebhookActionParts;
  /** Null: there is no mail server, and no such action. */
  readonly email: EmailActionParts | null;
}): ReadonlyMap<string, DeliveryAction> {
  const actions = [
    apiResponseAction,
    artifactBundleAction,
    markdownExportAction,
    blogDraftAction,
    docDraftAction,
    createDirectoryAction(config.directory),
    createGitPushAction(config.git),
    createGitHubPrAction(config.github),
    createRepoCommitAction(config.github),
    createGitHubRepoAction(config.github),
    createWebhookAction(config.webhook),
    ...(config.email === null ? [] : [createEmailAction(config.email)]),
  ];
  return new Map(actions.map((action) => [action.name, action as DeliveryAction]));
}
