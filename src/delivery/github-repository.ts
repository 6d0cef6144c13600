import { z } from "zod";

import { refusalOfPath } from "../core/artifact-path.ts";
import { DeliveryError } from "../ports/delivery-action.ts";
import type { GitHubClient } from "./github-client.ts";
import { GitHubRefusal } from "./github-refusal.ts";

export const Sha = z.string().regex(/^[0-9a-f]{40,64}$/);

const Reference = z.object({ object: z.object({ sha: Sha }) });
const Identified = z.object({ sha: Sha });
const Parents = z.array(Identified).transform((parents) => parents.map(({ sha }) => sha));
const Committer = z.object({ email: z.string().nullish() }).nullish();
const Commit = z
  .object({ sha: Sha, message: z.string(), tree: Identified, parents: Parents, committer: Committer })
  .transform(({ tree, committer, ...commit }) => {
    return { ...commit, tree: tree.sha, committer: committer?.email ?? "" };
  });
/** `committer` is an address: of who made it as it is, whoever wrote it first. */
export type Commit = z.infer<typeof Commit>;
export const ListedCommit = z
  .object({
    sha: Sha,
    commit: z.object({ message: z.string(), tree: Identified, committer: Committer }),
    parents: Parents,
  })
  .transform(({ sha, commit, parents }): Commit => {
    const { message, tree, committer } = commit;
    return { sha, parents, message, tree: tree.sha, committer: committer?.email ?? "" };
  });
const Comparison = z.object({ ahead_by: z.int(), merge_base_commit: Identified });
export type Comparison = z.infer<typeof Comparison>;

export type Place = { readonly owner: string; readonly repo: string };

const OWNER = "[A-Za-z0-9][A-Za-z0-9_-]{0,99}";
const NAME = String.raw`(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}`;

/** A user or an organization. */
export const OwnerName = z
  .string()
  .regex(new RegExp(`^${OWNER}$`), "write a user or an organization, such as acme");
/** A repository without its owner. */
export const PlainName = z
  .string()
  .regex(new RegExp(`^${NAME}$`), "use letters, digits, dots, hyphens and underscores, without the owner");
/** `owner/name` */
export const RepositoryName = z
  .string()
  .regex(new RegExp(`^${OWNER}/${NAME}$`), "write it as owner/name, such as acme/site, without a host");

export const Repository = z.object({
  full_name: RepositoryName,
  default_branch: z.string(),
  html_url: z.string(),
  archived: z.boolean().default(false),
});
export type Repository = z.infer<typeof Repository>;

const REFUSED_IN_BRANCH =
  /[\p{C}\s~^:?*[\\]|\.\.|@\{|\/\/|^[-/.]|[/.]$|\/\.|\.lock($|\/)|^@$|^HEAD$|^refs\//u;

/** A branch by git's rules, written without `refs/heads/`. */
export const BranchName = z
  .string()
  .min(1)
  .max(200)
  .refine((name) => name.isWellFormed() && !REFUSED_IN_BRANCH.test(name), {
    error: "this is no name of a branch; write it without refs/heads/, spaces, .. or ~ ^ : ? * [",
  });

/** A directory of the repository, without a slash at its end. */
export const DirectoryName = z.string().refine((path) => refusalOfPath(path) === null, {
  error: ({ input }) =>
    `${refusalOfPath(String(input)) ?? "not valid"}; write a directory of the repository, such as docs/site`,
});

/** How many commits are looked through for one of ours. */
const PAGES_OF_HISTORY = 3;
/** Of every list; GitHub gives no more at a time. */
export const PER_PAGE = 100;

/** What GitHub is asked of one repository. */
export class GitHubRepository {
  readonly client: GitHubClient;
  readonly place: Place;
  readonly name: string;

  constructor(client: GitHubClient, name: string) {
    const [owner = "", repo = ""] = name.split("/");
    this.client = client;
    this.place = { owner, repo };
    this.name = name;
  }

  /** The same under the name that GitHub has for it now: it may have been renamed, or is written in another case. */
  async asNamed(): Promise<{ readonly repository: GitHubRepository; readonly default_branch: string }> {
    const { full_name, default_branch } = await this.read();
    return { repository: new GitHubRepository(this.client, full_name), default_branch };
  }

  /** Null when there is none that the token may see. */
  async find(): Promise<Repository | null> {
    return orNull([404], () => this.read());
  }

  /** Rejects with a DeliveryError when it can't be written to by anybody. */
  async read(): Promise<Repository> {
    const found = await this.client.ask("read the repository", Repository, ({ repos }) =>
      repos.get(this.place),
    );
    if (found.archived)
      throw new DeliveryError(
        `${this.name} is archived, so nothing can be delivered to it; unarchive it first.`,
      );
    return found;
  }

  /** Where a branch stands; null when there is none of that name. */
  async tip(branch: string): Promise<string | null> {
    const request = { ...this.place, ref: `heads/${branch}` };
    const ask = () =>
      this.client.ask(`read the branch ${branch}`, Reference, ({ git }) => git.getRef(request));
    return (await orNull([404], ask))?.object.sha ?? null;
  }

  /** Whether it has no commit at all, which GitHub answers by 409. */
  async isEmpty(branch: string): Promise<boolean> {
    try {
      await this.tip(branch);
      return false;
    } catch (error) {
      if (error instanceof GitHubRefusal && error.status === 409 && /is empty/i.test(error.said)) return true;
      throw error;
    }
  }

  /** Null when the repository does not have it. */
  async commit(sha: string): Promise<Commit | null> {
    const request = { ...this.place, commit_sha: sha };
    const ask = () => this.client.ask(`read the commit ${sha}`, Commit, ({ git }) => git.getCommit(request));
    return orNull([404, 422], ask);
  }

  /** Newest first, not beyond what one of our deliveries is looked for in. */
  async history(from: string): Promise<Commit[]> {
    return allPages(PAGES_OF_HISTORY, (page) => {
      const request = { ...this.place, sha: from, per_page: PER_PAGE, page };
      return this.client.ask("read the history", z.array(ListedCommit), ({ repos }) =>
        repos.listCommits(request),
      );
    });
  }

  /** Null when they have no commit in common. */
  async compare(base: string, head: string): Promise<Comparison | null> {
    const request = { ...this.place, basehead: `${base}...${head}`, per_page: 1 };
    const ask = () =>
      this.client.ask("compare commits", Comparison, ({ repos }) =>
        repos.compareCommitsWithBasehead(request),
      );
    return orNull([404], ask);
  }

  /** False when there is one of that name already. */
  async createBranch(branch: string, sha: string): Promise<boolean> {
    const request = { ...this.place, ref: `refs/heads/${branch}`, sha };
    const ask = () =>
      this.client.ask(`create the branch ${branch}`, Reference, ({ git }) => git.createRef(request));
    return (await unless(/already exists/i, ask)) !== null;
  }

  /** Never by force: false when it has moved to where this commit does not follow. */
  async moveBranch(branch: string, sha: string): Promise<boolean> {
    const request = { ...this.place, ref: `heads/${branch}`, sha, force: false };
    const ask = () =>
      this.client.ask(`move the branch ${branch}`, Reference, ({ git }) => git.updateRef(request));
    return (await unless(/fast.forward|does not exist/i, ask)) !== null;
  }

  async createCommit(commit: Omit<Commit, "sha" | "committer">, at: string): Promise<string> {
    const person = { ...this.client.parts.author, date: wholeSeconds(at) };
    const request = {
      ...this.place,
      ...commit,
      parents: [...commit.parents],
      author: person,
      committer: person,
    };
    const made = await this.client.ask("make the commit", Identified, ({ git }) => git.createCommit(request));
    return made.sha;
  }
}

/** As git keeps times. */
export function wholeSeconds(at: string): string {
  return at.replace(/\.\d+Z$/, "Z");
}

/** All pages of a list, up to a number of them; a page that is not full is the last. */
export async function allPages<T>(most: number, read: (page: number) => Promise<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for (let page = 1; page <= most; page += 1) {
    const found = await read(page);
    all.push(...found);
    if (found.length < PER_PAGE) break;
  }
  return all;
}

async function orNull<T>(statuses: readonly number[], ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof GitHubRefusal && statuses.includes(error.status ?? 0)) return null;
    throw error;
  }
}

/** Null when GitHub refuses it in these words. */
export async function unless<T>(words: RegExp, ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof GitHubRefusal && error.status === 422 && words.test(error.said)) return null;
    throw error;
  }
}
