import { z } from "zod";

import type { DeliveryContext } from "../ports/delivery-action.ts";
import { type Commit, type GitHubRepository, wholeSeconds } from "./github-repository.ts";

const START = "Orca-Start: ";

/** What an empty repository is given, because GitHub makes no tree in one; our first commit takes it away again. */
export async function startRepository(
  repository: GitHubRepository,
  branch: string,
  { workflow_id, at }: DeliveryContext,
): Promise<void> {
  const person = { ...repository.client.parts.author, date: wholeSeconds(at) };
  const request = {
    ...repository.place,
    path: ".orca-start",
    branch,
    message: `Start the repository\n\n${START}${workflow_id}\n`,
    content: Buffer.from("The first delivery takes this file away.\n").toString("base64"),
    author: person,
    committer: person,
  };
  await repository.client.ask("make the first commit", z.object({}), ({ repos }) =>
    repos.createOrUpdateFileContents(request),
  );
}

/** Whether it is the commit that we have begun the repository with. */
export function isStartOf(
  { message, parents }: Commit,
  { workflow_id }: Pick<DeliveryContext, "workflow_id">,
): boolean {
  return parents.length === 0 && message.trimEnd().endsWith(`\n\n${START}${workflow_id}`);
}
