import { firstFew } from "../core/first-few.ts";
import type { DeliveryContext } from "../ports/delivery-action.ts";
import type { Ground, Plan, Target } from "./github-landing.ts";
import { isNothing, planCommit } from "./github-landing.ts";
import type { GitHubRepository } from "./github-repository.ts";

const NAMED_PATHS = 10;
export const CHANGED_SINCE = "; its files were changed since and are left so";

/** What landing there would do, a line each; it only looks. */
export async function previewCommit(
  repository: GitHubRepository,
  ground: Ground,
  { target, context }: { readonly target: Target; readonly context: DeliveryContext },
): Promise<string[]> {
  const { delivered, isAsDelivered, tip, on } = ground;
  if (delivered !== null)
    return [`makes no commit: ${delivered.sha} is this delivery${isAsDelivered ? "" : CHANGED_SINCE}`];
  const { changes } = await planCommit(repository, ground, { target, context });
  if (isNothing(changes)) return [`makes no commit: ${target.base} holds all of it`];
  const where =
    tip === null
      ? `creates the branch ${target.branch} with one commit on ${on.sha}`
      : `adds one commit to the branch ${target.branch}`;
  return [where, ...linesOf(changes)];
}

/** `github.com/acme/site, branch orca/landing-page-4f2a91c0` */
export function placeName({ client, name }: GitHubRepository, branch: string): string {
  return `${new URL(client.webUrl).host}/${name}, branch ${branch}`;
}

function linesOf(changes: Plan["changes"]): string[] {
  const { added, changed, deleted } = changes;
  const verbs = { adds: added, changes: changed, deletes: deleted };
  return Object.entries(verbs).flatMap(([verb, paths]) => {
    if (paths.length === 0) return [];
    const files = paths.length === 1 ? "1 file" : `${paths.length} files`;
    return [`${verb} ${files}: ${firstFew(paths, NAMED_PATHS)}`];
  });
}
