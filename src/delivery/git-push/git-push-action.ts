import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

import {
  type DeliveryAction,
  type DeliveryContext,
  DeliveryError,
  type DeliveryPreview,
  type DeliveryReceipt,
} from "../../ports/delivery-action.ts";
import type { Logger } from "../../ports/logger.ts";
import { WorkspaceError } from "../../ports/workspace.ts";
import { initRepository, inTemporaryRepository } from "../../workspace/temporary-repository.ts";
import { branchName } from "../branch-name.ts";
import { commitMessage } from "../commit-message.ts";
import type { TreeChanges } from "../merge-trees.ts";
import { isSameRepository } from "../same-repository.ts";
import { type GitPushConfig, gitPushConfig, placeOf } from "./git-push-config.ts";
import { openRemote, refusalOfPlace, type RemoteRules } from "./open-remote.ts";
import { planPush, type PushPlan } from "./plan-push.ts";
import { type Exchange, pushCommit } from "./remote-repository.ts";
import { webLinks } from "./web-links.ts";
import { writeCommit } from "./write-commit.ts";

export type GitPushParts = RemoteRules & {
  /** Who commits, and who has written when the configuration names nobody. */
  readonly author: { readonly name: string; readonly email: string };
  readonly logger: Logger;
  /** Called with `git-push.committed` and `git-push.pushed`. */
  readonly failpoint?: (name: string) => void;
};

/** Somebody may push between the look and the push, and again. */
const LOOKS = 3;
const MOST_LISTED = 20;

/** Pushes one commit to a branch of any git remote; what people have pushed there stays. */
export function createGitPushAction(parts: GitPushParts): DeliveryAction<GitPushConfig> {
  const [allowed, written] = [parts.allowed, parts.written].map((all) => all.map((one) => resolve(one)));
  const rules = { ...parts, allowed: allowed!, written: written! };
  return {
    name: "git-push",
    description:
      "Pushes the files as one commit to a branch of a git repository, over https or in a directory of this machine.",
    outward: true,
    semantics: "keyed", // the branch is searched for the key before anything is pushed
    config: gitPushConfig((place) => refusalOfPlace(place, rules)),
    returnsTo: ({ remote }, origin) => isSameRepository(origin.repo, remote),
    deliver: (config, context) =>
      exchanging(config, context, rules, (exchange) => deliver(exchange, { config, context, parts })),
    preview: (config, context) =>
      config.token == null
        ? exchanging(config, context, rules, (exchange) => preview(exchange, { config, context, parts }))
        : Promise.resolve(unaskedPreview(config, context)),
  };
}

type Delivery = {
  readonly config: GitPushConfig;
  readonly context: DeliveryContext;
  readonly parts: GitPushParts;
};

async function exchanging<T>(
  config: GitPushConfig,
  context: DeliveryContext,
  parts: Pick<GitPushParts, "logger"> & RemoteRules,
  use: (exchange: Exchange) => Promise<T>,
): Promise<T> {
  const { signal } = context;
  try {
    const remote = await openRemote(config, context, parts);
    return await inTemporaryRepository(parts.logger, async (gitDir) => {
      await initRepository(gitDir, signal);
      return use({ gitDir, remote, signal });
    });
  } catch (error) {
    if (error instanceof WorkspaceError) throw new DeliveryError(error.message, { cause: error });
    throw error;
  }
}

async function deliver(exchange: Exchange, { config, context, parts }: Delivery): Promise<DeliveryReceipt> {
  const branch = config.branch ?? branchName(context);
  for (let look = 1; look <= LOOKS; look += 1) {
    const plan = await planPush(exchange, context, wantedOf({ config, context, parts }));
    if (plan.delivered !== null) return receiptOf(config, branch, { ...plan, commit: plan.delivered });
    const commit = await writeCommit(exchange, {
      ...plan,
      message: commitMessage(context),
      author: nameOf(config.author ?? parts.author),
      committer: nameOf(parts.author),
      at: context.at,
    });
    parts.failpoint?.("git-push.committed");
    const isPushed = await pushCommit(exchange, { branch, commit, seen: plan.seen });
    if (!isPushed) continue;
    parts.failpoint?.("git-push.pushed");
    return receiptOf(config, branch, { ...plan, commit });
  }
  throw new DeliveryError(
    `The branch ${branch} moved each of the ${LOOKS} times that it was pushed to. It is tried again later.`,
    { temporary: true },
  );
}

async function preview(exchange: Exchange, delivery: Delivery): Promise<DeliveryPreview> {
  const { config, context } = delivery;
  const branch = config.branch ?? branchName(context);
  const plan = await planPush(exchange, context, wantedOf(delivery));
  return { target: `${shownRemote(config.remote)}, branch ${branch}`, effects: effectsOf(plan, branch) };
}

/** Nobody has approved yet that the token goes to this host, which the configuration names as it likes. */
function unaskedPreview(config: GitPushConfig, context: DeliveryContext): DeliveryPreview {
  const branch = config.branch ?? branchName(context);
  const { artifacts, deleted } = context;
  const effects = [
    `makes the branch ${branch}, or adds a commit to it, with the token of ${config.token}`,
    ...listed(
      "brings",
      artifacts.filter(({ changed }) => changed).map(({ path }) => path),
    ),
    ...listed("deletes", deleted),
    "the remote was not asked: nobody is shown the token before the delivery is approved",
  ];
  return { target: `${shownRemote(config.remote)}, branch ${branch}`, effects };
}

function effectsOf(plan: PushPlan, branch: string): readonly string[] {
  const { delivered } = plan;
  if (delivered !== null)
    return [
      plan.isAsDelivered
        ? `nothing: these files are on the branch as ${delivered}`
        : `nothing: these files came to the branch as ${delivered} and were changed there since; they are left so`,
    ];
  const does =
    plan.seen === null ? `makes the branch ${branch} from ${plan.base}` : `adds a commit to ${plan.base}`;
  return [does, ...linesOf(plan.changes)];
}

function linesOf(changes: TreeChanges): readonly string[] {
  const verbs = { added: "adds", changed: "changes", deleted: "deletes" } as const;
  return (["added", "changed", "deleted"] as const).flatMap((kind) => listed(verbs[kind], changes[kind]));
}

function listed(verb: string, paths: readonly string[]): readonly string[] {
  const lines = paths.slice(0, MOST_LISTED).map((path) => `${verb} ${path}`);
  const more = paths.length - lines.length;
  return more > 0 ? [...lines, `${verb} ${more} more`] : lines;
}

function wantedOf({ config, context, parts }: Delivery) {
  return {
    branch: config.branch ?? branchName(context),
    base: config.base ?? null,
    path: config.path ?? null,
    committer: parts.author.email,
  };
}

function receiptOf(
  config: GitPushConfig,
  branch: string,
  {
    commit,
    parent,
    changes,
    isAsDelivered,
  }: Pick<PushPlan, "parent" | "changes" | "isAsDelivered"> & { readonly commit: string },
): DeliveryReceipt {
  const place = placeOf(config.remote);
  const files = changes.added.length + changes.changed.length + changes.deleted.length;
  return {
    action: "git-push",
    links: typeof place === "string" ? [] : webLinks(urlOf(place), branch, commit),
    metadata: [
      { name: "branch", value: branch },
      { name: "commit", value: commit },
      { name: "base", value: parent ?? "none" },
      { name: "files_changed", value: String(files) },
      // Nothing was done: what people have made of the files since is theirs.
      ...(isAsDelivered ? [] : [{ name: "state", value: "delivered_before" }]),
    ],
  };
}

function urlOf(place: Exclude<ReturnType<typeof placeOf>, string>): URL {
  return place.kind === "https" ? place.url : pathToFileURL(place.path);
}

function shownRemote(remote: string): string {
  return remote.replace(/^https:\/\//, "").replace(/\.git$/, "");
}

function nameOf({ name, email }: { readonly name: string; readonly email: string }): string {
  return `${name} <${email}>`;
}
