import type { DeliveryReceipt } from "../ports/delivery-action.ts";
import { isNothing, type Landed, type Target } from "./github-landing.ts";
import type { GitHubRepository } from "./github-repository.ts";

/** Nothing was done: it was delivered once, and what people have made of the files since is theirs. */
export const DELIVERED_BEFORE = "delivered_before";

/** Of a delivery that is a commit and no more. */
export function commitReceipt(
  action: string,
  repository: GitHubRepository,
  { target, landed }: { readonly target: Target; readonly landed: Landed },
): DeliveryReceipt {
  const { commit, base } = landed;
  const metadata = {
    repository: repository.name,
    branch: target.branch,
    base_commit: base,
    commit,
    state: stateOf(landed),
  };
  return { action, links: [commitLink(repository, commit)], metadata: metadataOf(metadata) };
}

/** What a reader has to know who would look for the files; undefined when they are there. */
function stateOf({ changes, isAsDelivered }: Landed): string | undefined {
  if (!isAsDelivered) return DELIVERED_BEFORE;
  return changes !== null && isNothing(changes) ? "nothing_to_change" : undefined;
}

export function commitLink({ client, name }: GitHubRepository, commit: string): string {
  return `${client.webUrl}/${name}/commit/${commit}`;
}

/** Without those that are undefined. */
export function metadataOf(
  values: Readonly<Record<string, string | undefined>>,
): DeliveryReceipt["metadata"] {
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
}
