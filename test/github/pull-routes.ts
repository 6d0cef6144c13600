import type { FakeRepository, Pull } from "./fake-repository.ts";
import { commitsBetween, listedCommit } from "./git-routes.ts";
import { invalid, notFound } from "./refusal.ts";
import { type Asked, bodyOf, pageOf, type Parts, readable, type Routes, writable } from "./routes.ts";

const REPOSITORY = "/repos/:owner/:repo";
const LONGEST_TEXT = 65_536;

/** Pull requests, and what hangs on issues. */
export function addPullRoutes(app: Routes, parts: Parts): void {
  app.get(`${REPOSITORY}/pulls`, (context) => listPulls(context, parts));
  app.post(`${REPOSITORY}/pulls`, (context) => createPull(context, parts));
  app.get(`${REPOSITORY}/pulls/:number`, (context) => {
    const repository = readable(context, parts);
    return context.json(shownPull(pullOf(context, repository), repository, parts));
  });
  app.patch(`${REPOSITORY}/pulls/:number`, (context) => updatePull(context, parts));
  app.get(`${REPOSITORY}/pulls/:number/commits`, (context) => {
    const repository = readable(context, parts);
    const pull = pullOf(context, repository);
    return context.json(pageOf(context, commitsOf(pull, repository)).map(listedCommit));
  });
  app.get(`${REPOSITORY}/pulls/:number/reviews`, (context) => {
    const { reviewed_by } = pullOf(context, readable(context, parts));
    const reviews = [...reviewed_by].map((login) => ({ user: { login }, state: "COMMENTED" }));
    return context.json(pageOf(context, reviews));
  });
  app.post(`${REPOSITORY}/pulls/:number/requested_reviewers`, (context) => requestReviews(context, parts));
  app.post(`${REPOSITORY}/issues/:number/labels`, (context) => addLabels(context, parts));
  app.get(`${REPOSITORY}/issues/:number/comments`, (context) => {
    const repository = readable(context, parts);
    const issue = issueOf(context, repository);
    const comments = repository.comments.filter((comment) => comment.issue === issue);
    return context.json(pageOf(context, comments).map((one) => shownComment(one, repository, parts)));
  });
  app.post(`${REPOSITORY}/issues/:number/comments`, (context) => createComment(context, parts));
  app.patch(`${REPOSITORY}/issues/comments/:id`, (context) => updateComment(context, parts));
}

function pullOf(context: Asked, repository: FakeRepository): Pull {
  const pull = repository.pulls.find(({ number }) => number === Number(context.req.param("number")));
  if (pull === undefined) throw notFound();
  return pull;
}

function issueOf(context: Asked, repository: FakeRepository): number {
  const number = Number(context.req.param("number"));
  if (!repository.issues.has(number) && !repository.pulls.some((pull) => pull.number === number))
    throw notFound();
  return number;
}

function commitsOf(pull: Pull, repository: FakeRepository) {
  const base = pull.base_sha ?? repository.branches.get(pull.base)!;
  return commitsBetween(repository, base, repository.headOf(pull)).toReversed();
}

function listPulls(context: Asked, parts: Parts): Response {
  const repository = readable(context, parts);
  const { head, state = "open", base } = context.req.query();
  const found = repository.pulls.filter(
    (pull) =>
      (state === "all" || pull.state === state) &&
      // As GitHub does it: a head without an owner is no filter.
      (head === undefined || !head.includes(":") || head === `${repository.owner}:${pull.head}`) &&
      (base === undefined || pull.base === base),
  );
  const newestFirst = found.toReversed();
  return context.json(pageOf(context, newestFirst).map((pull) => shownPull(pull, repository, parts)));
}

async function createPull(context: Asked, parts: Parts): Promise<Response> {
  const repository = writable(context, parts);
  const body = await bodyOf(context);
  const { title, head, base } = body as { title: string; head: string; base: string };
  const refuse = (message: string, field?: string): never => {
    throw invalid("Validation Failed", [{ resource: "PullRequest", code: "custom", field, message }]);
  };
  const branch = head.replace(`${repository.owner}:`, "");
  if (!repository.branches.has(branch)) refuse("head is invalid", "head");
  if (!repository.branches.has(base)) refuse("base is invalid", "base");
  const open = repository.pulls.find(
    (one) => one.state === "open" && one.head === branch && one.base === base,
  );
  if (open) refuse(`A pull request already exists for ${repository.owner}:${branch}.`);
  if (
    commitsBetween(repository, repository.branches.get(base)!, repository.branches.get(branch)!).length === 0
  )
    refuse(`No commits between ${base} and ${branch}`);
  if (body["draft"] === true && !repository.drafts)
    refuse("Draft pull requests are not supported in this repository.");
  const text = textOf(body["body"]);
  const pull: Pull = {
    number: repository.nextNumber(),
    user: context.var.token.login,
    title,
    body: text,
    state: "open",
    merged_at: null,
    draft: body["draft"] === true,
    head: branch,
    closed_at_sha: null,
    base_sha: null,
    base,
    labels: new Set(),
    reviewers: new Set(),
    team_reviewers: new Set(),
    reviewed_by: new Set(),
  };
  repository.pulls.push(pull);
  parts.happened({ kind: "pull.created", repo: repository.fullName, number: pull.number, head: branch });
  return context.json(shownPull(pull, repository, parts), 201);
}

function textOf(text: unknown): string {
  if (text === undefined || text === null) return "";
  if (typeof text !== "string") throw invalid("Invalid request.");
  if (text.length > LONGEST_TEXT) {
    const message = `body is too long (maximum is ${LONGEST_TEXT} characters)`;
    throw invalid("Validation Failed", [{ resource: "Issue", code: "custom", field: "body", message }]);
  }
  return text;
}

async function updatePull(context: Asked, parts: Parts): Promise<Response> {
  const repository = writable(context, parts);
  const pull = pullOf(context, repository);
  const { title, body, base } = (await bodyOf(context)) as { title?: string; body?: string; base?: string };
  if (title !== undefined) pull.title = title;
  if (body !== undefined) pull.body = textOf(body);
  if (base !== undefined) {
    if (!repository.branches.has(base))
      throw invalid("Validation Failed", [{ field: "base", code: "invalid" }]);
    pull.base = base;
  }
  parts.happened({ kind: "pull.updated", repo: repository.fullName, number: pull.number });
  return context.json(shownPull(pull, repository, parts));
}

async function requestReviews(context: Asked, parts: Parts): Promise<Response> {
  const repository = writable(context, parts);
  const pull = pullOf(context, repository);
  const { reviewers = [], team_reviewers = [] } = (await bodyOf(context)) as {
    reviewers?: string[];
    team_reviewers?: string[];
  };
  for (const login of reviewers) {
    if (login === pull.user) throw invalid("Review cannot be requested from pull request author.");
    if (login !== repository.owner && !repository.collaborators.has(login)) {
      const message =
        "Reviews may only be requested from collaborators. One or more of the users or teams you";
      throw invalid(`${message} specified is not a collaborator of the ${repository.fullName} repository.`);
    }
  }
  for (const login of reviewers) pull.reviewers.add(login);
  for (const team of team_reviewers) pull.team_reviewers.add(team);
  const asked = [...reviewers, ...team_reviewers];
  parts.happened({ kind: "review.requested", repo: repository.fullName, number: pull.number, asked });
  return context.json(shownPull(pull, repository, parts), 201);
}

async function addLabels(context: Asked, parts: Parts): Promise<Response> {
  const repository = writable(context, parts);
  const number = issueOf(context, repository);
  const { labels = [] } = (await bodyOf(context)) as { labels?: string[] };
  const pull = repository.pulls.find((one) => one.number === number);
  for (const label of labels) pull?.labels.add(label);
  parts.happened({ kind: "labeled", repo: repository.fullName, number, labels });
  return context.json(labels.map((name) => ({ name })));
}

async function createComment(context: Asked, parts: Parts): Promise<Response> {
  const repository = readable(context, parts);
  const issue = issueOf(context, repository);
  const body = textOf((await bodyOf(context))["body"]);
  const comment = { id: parts.world.nextId(), issue, user: context.var.token.login, body };
  repository.comments.push(comment);
  parts.happened({ kind: "comment.created", repo: repository.fullName, issue, id: comment.id });
  return context.json(shownComment(comment, repository, parts), 201);
}

async function updateComment(context: Asked, parts: Parts): Promise<Response> {
  const repository = writable(context, parts);
  const comment = repository.comments.find(({ id }) => id === Number(context.req.param("id")));
  if (comment === undefined) throw notFound();
  comment.body = textOf((await bodyOf(context))["body"]);
  parts.happened({ kind: "comment.updated", repo: repository.fullName, id: comment.id });
  return context.json(shownComment(comment, repository, parts));
}

function shownPull(pull: Pull, repository: FakeRepository, { web }: Parts): object {
  const { fullName, owner } = repository;
  return {
    number: pull.number,
    state: pull.state,
    title: pull.title,
    body: pull.body,
    draft: pull.draft,
    merged_at: pull.merged_at,
    user: { login: pull.user },
    html_url: `${web()}/${fullName}/pull/${pull.number}`,
    head: {
      ref: pull.head,
      sha: repository.headOf(pull),
      label: `${owner}:${pull.head}`,
      repo: { full_name: fullName },
    },
    base: { ref: pull.base, sha: repository.branches.get(pull.base) ?? "" },
    labels: [...pull.labels].map((name) => ({ name })),
    requested_reviewers: [...pull.reviewers].map((login) => ({ login })),
    requested_teams: [...pull.team_reviewers].map((slug) => ({ slug })),
  };
}

function shownComment(
  { id, issue, user, body }: FakeRepository["comments"][number],
  { fullName }: FakeRepository,
  { web }: Parts,
): object {
  return {
    id,
    body,
    user: { login: user },
    html_url: `${web()}/${fullName}/issues/${issue}#issuecomment-${id}`,
  };
}
