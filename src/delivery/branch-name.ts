import { bundleName } from "../bundle/bundle-name.ts";
import type { DeliveryContext } from "../ports/delivery-action.ts";

/** `orca/landing-page-4f2a91c0`: the same for every delivery of a workflow. */
export function branchName(context: Pick<DeliveryContext, "title" | "workflow_id">): string {
  return `orca/${bundleName(context)}`;
}
