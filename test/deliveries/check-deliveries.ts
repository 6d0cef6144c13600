import type { WorkflowView } from "../../src/contract/workflow-view.ts";
import { provenWrong } from "../chaos/proven-wrong.ts";
import { type DeliveryWorld, type ProvedAction } from "./delivery-world.ts";

/** A workflow as it has ended, with the contents of its files. */
export type Ended = {
  readonly action: ProvedAction;
  readonly workflow: WorkflowView;
  readonly contents: ReadonlyMap<string, string>;
};

export type DeliveryFigures = {
  readonly delivered: number;
  readonly pull_requests: number;
  readonly branches: number;
  readonly webhooks: number;
  readonly webhook_requests: number;
  readonly human_commits: number;
};

/** Compares what the world has seen with what the workflows say. Throws a ProvenWrong on the first difference. */
export function checkDeliveries(world: DeliveryWorld, ended: readonly Ended[]): DeliveryFigures {
  const done = ended.filter(({ workflow }) => workflow.status === "completed");
  for (const one of done) {
    if (one.workflow.delivery?.status !== "delivered")
      throw provenWrong("completed_is_delivered", `${one.workflow.id} is completed and not delivered`);
    if (one.action === "webhook") checkWebhook(world, one);
    else checkBranch(world, one, one.action);
  }
  const branches = (["github-pr", "git-push"] as const).map((action) => {
    const expected = done.filter((one) => one.action === action).length;
    const { length } = world.branchesOf(action);
    if (length !== expected)
      throw provenWrong("one_branch_a_workflow", `${length} branches of ${expected} workflows by ${action}`);
    return length;
  });
  checkHumans(world);
  const { received } = world.receiver;
  const refused = received.find(({ problem }) => problem !== null);
  if (refused) throw provenWrong("webhooks_verify", `a webhook was not verified: ${refused.problem}`);
  return {
    delivered: done.length,
    pull_requests: world.pulls.length,
    branches: branches.reduce((sum, count) => sum + count, 0),
    webhooks: done.filter(({ action }) => action === "webhook").length,
    webhook_requests: received.length,
    human_commits: world.humans.length,
  };
}

function checkBranch(
  world: DeliveryWorld,
  { workflow, contents }: Ended,
  action: "github-pr" | "git-push",
): void {
  const { id, delivery } = workflow;
  const mine = (message: string): boolean => message.includes(`Orca-Workflow: ${id}`);
  const branches = world.branchesOf(action).filter((name) => world.messagesOf(action, name).some(mine));
  const [branch = "", ...more] = branches;
  if (branch === "" || more.length > 0)
    throw provenWrong("one_branch_a_workflow", `${id} is on ${branches.join(", ") || "no branch"}`);
  const said = delivery?.metadata.find(({ name }) => name === "branch")?.value;
  if (said !== branch) throw provenWrong("the_receipt_is_true", `${id} says ${said} and is on ${branch}`);
  const commits = world.messagesOf(action, branch).filter(mine).length;
  if (commits !== 1) throw provenWrong("one_commit_a_tree", `${id} has ${commits} commits on ${branch}`);
  const files = world.filesOf(action, branch);
  for (const [path, content] of contents) {
    // What git prints and what it is asked for may differ by the line break at the end.
    if (files[path]?.trimEnd() !== content.trimEnd())
      throw provenWrong("the_tree_is_delivered", `${path} of ${id} is not on ${branch} as it was judged`);
  }
  if (files["README.md"]?.trimEnd() !== "# Site")
    throw provenWrong("what_was_there_stays", `README.md is not on ${branch} as it was`);
  if (action === "git-push") return;
  const pulls = world.pulls.filter(({ head }) => head === branch);
  if (pulls.length !== 1)
    throw provenWrong("one_pull_request_a_workflow", `${id} has ${pulls.length} pull requests`);
  const [link = ""] = delivery?.links ?? [];
  if (!link.endsWith(`/pull/${pulls[0]?.number}`))
    throw provenWrong("the_receipt_is_true", `${id} links ${link}, its pull request is ${pulls[0]?.number}`);
}

function checkWebhook({ receiver }: DeliveryWorld, { workflow: { id } }: Ended): void {
  const mine = receiver.received.filter(({ body }) => body.includes(`"workflow_id":"${id}"`));
  if (mine.length === 0) throw provenWrong("each_webhook_arrives", `${id} was never received`);
  const ids = new Set(mine.map((one) => one.id));
  if (ids.size !== 1) throw provenWrong("one_webhook_id", `${id} came as ${[...ids].join(", ")}`);
  const bodies = new Set(mine.map((one) => one.body_sha256));
  if (bodies.size !== 1) throw provenWrong("one_webhook_body", `${id} came in ${bodies.size} versions`);
}

function checkHumans(world: DeliveryWorld): void {
  for (const { action, branch, sha, path } of world.humans) {
    if (action === "webhook") continue;
    if (!world.commitsOf(action, branch).includes(sha))
      throw provenWrong("no_human_commit_is_lost", `${sha} is not on ${branch} any more`);
    if (world.filesOf(action, branch)[path] === undefined)
      throw provenWrong("no_human_commit_is_lost", `${path} is not on ${branch} any more`);
  }
}
