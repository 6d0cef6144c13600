import { z } from "zod";

import { type DeliveryContext, DeliveryError } from "../../ports/delivery-action.ts";
import { hasKey } from "../github-landing.ts";
import { GitHubRefusal } from "../github-refusal.ts";
import {
  allPages,
  type GitHubRepository,
  ListedCommit,
  PER_PAGE,
  Sha,
  unless,
} from "../github-repository.ts";

const Named = z.object({ login: z.string() });
const Pull = z.object({
  number: z.int(),
  state: z.enum(["open", "closed"]),
  title: z.string(),
  body: z.string().nullable(),
  merged_at: z.string().nullable(),
  html_url: z.string(),
  user: Named.nullable(),
  head: z.object({ ref: z.string(), sha: Sha }),
  base: z.object({ ref: z.string() }),
  labels: z.array(z.object({ name: z.string() })),
  requested_reviewers: z.array(Named).nullish(),
  requested_teams: z.array(z.object({ slug: z.string() })).nullish(),
});
export type Pull = z.infer<typeof Pull>;
const Reviews = z.array(z.object({ user: Named.nullable() }));

const PAGES_OF_COMMITS = 3;

/** All pull requests of a branch of this repository, newest first. */
export async function pullsOf(repository: GitHubRepository, branch: string): Promise<Pull[]> {
  const { place, client } = repository;
  const request = { ...place, head: `${place.owner}:${branch}`, state: "all" as const, per_page: PER_PAGE };
  const found = await client.ask("look for its pull request", z.array(Pull), ({ pulls }) =>
    pulls.list(request),
  );
  return found.filter(({ head }) => head.ref === branch);
}

/** The merged one that has brought this delivery in, whatever became of its branch. */
export async function mergedPull(
  repository: GitHubRepository,
  pulls: readonly Pull[],
  { key }: DeliveryContext,
): Promise<Pull | null> {
  for (const pull of pulls.filter(({ merged_at }) => merged_at !== null)) {
    const commits = await allPages(PAGES_OF_COMMITS, (page) => {
      const request = { ...repository.place, pull_number: pull.number, per_page: PER_PAGE, page };
      const what = "read the commits of a pull request";
      return repository.client.ask(what, z.array(ListedCommit), (rest) => rest.pulls.listCommits(request));
    });
    if (commits.some(({ message }) => hasKey(message, key))) return pull;
  }
  return null;
}

export type WantedPull = {
  readonly branch: string;
  readonly base: string;
  /** Null leaves the title of one that is there. */
  readonly title: string | null;
  readonly newTitle: string;
  readonly body: (existing: string) => string;
  readonly draft: boolean;
};

/** Null when there is one by now. */
export async function openPull(repository: GitHubRepository, wanted: WantedPull): Promise<Pull | null> {
  const request = {
    ...repository.place,
    head: wanted.branch,
    base: wanted.base,
    title: wanted.title ?? wanted.newTitle,
    body: wanted.body(""),
    draft: wanted.draft,
  };
  try {
    return await unless(/already exists/i, () =>
      repository.client.ask("open a pull request", Pull, ({ pulls }) => pulls.create(request)),
    );
  } catch (error) {
    if (error instanceof GitHubRefusal && error.status === 422) throw refusedPull(error, repository, wanted);
    throw error;
  }
}

function refusedPull({ said }: GitHubRefusal, { name }: GitHubRepository, wanted: WantedPull): DeliveryError {
  const { branch, base } = wanted;
  if (/no commits between/i.test(said)) {
    // It was merged or moved between two looks: the next one sees it.
    return new DeliveryError(`The branch ${branch} has nothing that ${base} lacks.`, { temporary: true });
  }
  if (/draft/i.test(said))
    return new DeliveryError(`${name} takes no drafts; leave draft out, then deliver again. (${said})`);
  return new DeliveryError(
    `The commit stands on ${branch} of ${name}, but GitHub opened no pull request into ${base}: ${said}`,
  );
}

/** Brings one that is there up to date, and changes nothing of one that is. */
export async function updatePull(
  repository: GitHubRepository,
  pull: Pull,
  { title, base, body }: Pick<WantedPull, "title" | "body"> & { readonly base: string | null },
): Promise<void> {
  const text = body(pull.body ?? "");
  const changes = {
    ...(text !== (pull.body ?? "").replaceAll("\r\n", "\n") && { body: text }),
    ...(title !== null && title !== pull.title && { title }),
    ...(base !== null && base !== pull.base.ref && { base }),
  };
  if (Object.keys(changes).length === 0) return;
  const request = { ...repository.place, pull_number: pull.number, ...changes };
  await repository.client.ask("update the pull request", Pull, ({ pulls }) => pulls.update(request));
}

export async function addLabels(
  repository: GitHubRepository,
  pull: Pull,
  labels: readonly string[],
): Promise<void> {
  const there = new Set(pull.labels.map(({ name }) => name.toLowerCase()));
  const missing = labels.filter((label) => !there.has(label.toLowerCase()));
  if (missing.length === 0) return;
  const request = { ...repository.place, issue_number: pull.number, labels: missing };
  await repository.client.ask("label the pull request", z.array(z.unknown()), ({ issues }) =>
    issues.addLabels(request),
  );
}

export type Reviewers = { readonly people: readonly string[]; readonly teams: readonly string[] };

/** Asks those who were not asked yet and have not reviewed; the author can't be asked. */
export async function askReviewers(
  repository: GitHubRepository,
  pull: Pull,
  { people, teams }: Reviewers,
): Promise<void> {
  if (people.length + teams.length === 0) return;
  const reviewers = people.length === 0 ? [] : await notAsked(repository, pull, people);
  const askedTeams = new Set((pull.requested_teams ?? []).map(({ slug }) => slug.toLowerCase()));
  const team_reviewers = teams.filter((team) => !askedTeams.has(team.toLowerCase()));
  if (reviewers.length + team_reviewers.length === 0) return;
  const request = { ...repository.place, pull_number: pull.number, reviewers, team_reviewers };
  try {
    await repository.client.ask("ask for a review", z.object({}), ({ pulls }) =>
      pulls.requestReviewers(request),
    );
  } catch (error) {
    if (!(error instanceof GitHubRefusal) || error.status !== 422) throw error;
    const asked = [...reviewers, ...team_reviewers].join(", ");
    throw new DeliveryError(
      `The pull request stands (${pull.html_url}), but ${asked} can't be asked for a review: ${error.said} Mend reviewers and team_reviewers, then deliver again.`,
    );
  }
}

async function notAsked(
  repository: GitHubRepository,
  pull: Pull,
  people: readonly string[],
): Promise<string[]> {
  const request = { ...repository.place, pull_number: pull.number, per_page: PER_PAGE };
  const reviews = await repository.client.ask("read the reviews", Reviews, ({ pulls }) =>
    pulls.listReviews(request),
  );
  const known = [pull.user, ...(pull.requested_reviewers ?? []), ...reviews.map(({ user }) => user)].map(
    (user) => user?.login.toLowerCase(),
  );
  return people.filter((login) => !known.includes(login.toLowerCase()));
}
