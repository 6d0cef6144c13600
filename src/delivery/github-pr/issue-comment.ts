import { z } from "zod";

import type { DeliveryContext } from "../../ports/delivery-action.ts";
import { allPages, type GitHubRepository, PER_PAGE } from "../github-repository.ts";
import type { Pull } from "./pulls.ts";

const Comment = z.object({ id: z.int(), body: z.string().nullish(), html_url: z.string() });

const PAGES_OF_COMMENTS = 30;

/** Leaves one comment with the link on the issue, and finds it again by what nobody sees of it. Answers its address. */
export async function commentOn(
  repository: GitHubRepository,
  issue: number,
  { pull, context }: { readonly pull: Pull; readonly context: DeliveryContext },
): Promise<string> {
  const { place, client } = repository;
  const marker = `<!-- orca:delivery ${context.workflow_id} -->`;
  const verdict = context.report.verdict === null ? "" : ` The verdict is **${context.report.verdict}**.`;
  const body = `The result of this is in ${pull.html_url}.${verdict}\n\n${marker}`;
  const there = await allPages(PAGES_OF_COMMENTS, (page) => {
    const request = { ...place, issue_number: issue, per_page: PER_PAGE, page };
    return client.ask(`read the comments of #${issue}`, z.array(Comment), (rest) =>
      rest.issues.listComments(request),
    );
  });
  const ours = there.find((comment) => comment.body?.includes(marker));
  if (ours !== undefined) {
    if (ours.body?.replaceAll("\r\n", "\n") === body) return ours.html_url;
    const request = { ...place, comment_id: ours.id, body };
    const what = `update the comment on #${issue}`;
    return (await client.ask(what, Comment, ({ issues }) => issues.updateComment(request))).html_url;
  }
  const request = { ...place, issue_number: issue, body };
  const what = `comment on #${issue}`;
  return (await client.ask(what, Comment, ({ issues }) => issues.createComment(request))).html_url;
}
