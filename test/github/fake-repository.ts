import { GitObjects, type Person, type TreeEntry } from "./git-objects.ts";

export type Pull = {
  readonly number: number;
  readonly user: string;
  title: string;
  body: string;
  state: "open" | "closed";
  merged_at: string | null;
  draft: boolean;
  head: string;
  /** Where the branch stood when it was closed; null while it is open. */
  closed_at_sha: string | null;
  /** Where the base stood when it was closed; null while it is open. */
  base_sha: string | null;
  base: string;
  readonly labels: Set<string>;
  readonly reviewers: Set<string>;
  readonly team_reviewers: Set<string>;
  readonly reviewed_by: Set<string>;
};

export type Comment = { readonly id: number; readonly issue: number; readonly user: string; body: string };

export type RepositoryOptions = {
  readonly private?: boolean;
  readonly default_branch?: string;
  readonly archived?: boolean;
  readonly description?: string | null;
};

/** One repository of the fake, with all that can be seen of it. */
export class FakeRepository {
  readonly objects = new GitObjects();
  readonly branches = new Map<string, string>();
  readonly protected_branches = new Set<string>();
  readonly pulls: Pull[] = [];
  readonly comments: Comment[] = [];
  readonly issues = new Set<number>();
  readonly collaborators = new Set<string>();
  readonly owner: string;
  readonly name: string;
  readonly private: boolean;
  readonly default_branch: string;
  readonly description: string | null;
  archived: boolean;
  /** Whether pull requests may be drafts. */
  drafts = true;
  /** Longer lists of a whole tree are cut. */
  most_listed = 100_000;
  #people = 0;

  constructor(fullName: string, options: RepositoryOptions = {}) {
    const [owner, name] = fullName.split("/");
    if (owner === undefined || name === undefined) throw new Error(`${fullName} is no owner/name`);
    this.owner = owner;
    this.name = name;
    this.private = options.private ?? false;
    this.default_branch = options.default_branch ?? "main";
    this.description = options.description ?? null;
    this.archived = options.archived ?? false;
  }

  get fullName(): string {
    return `${this.owner}/${this.name}`;
  }

  get isEmpty(): boolean {
    return this.branches.size === 0;
  }

  nextNumber(): number {
    return Math.max(0, ...this.issues, ...this.pulls.map(({ number }) => number)) + 1;
  }

  openIssue(): number {
    const number = this.nextNumber();
    this.issues.add(number);
    return number;
  }

  headOf(pull: Pull): string {
    return pull.closed_at_sha ?? this.branches.get(pull.head) ?? "";
  }

  /** A commit as a person makes it, on a new branch from the default one when there is none of that name. */
  humanCommit(branch: string, files: Readonly<Record<string, string | null>>, message?: string): string {
    this.#people += 1;
    const parent = this.branches.get(branch) ?? this.branches.get(this.default_branch) ?? null;
    const tree = parent === null ? null : (this.objects.commits.get(parent)?.tree ?? null);
    const after = tree === null ? new Map<string, TreeEntry>() : this.objects.filesOf(tree);
    for (const [path, content] of Object.entries(files)) {
      if (content === null) after.delete(path);
      else {
        const mode = after.get(path)?.mode ?? "100644";
        after.set(path, { mode, sha: this.objects.writeBlob(Buffer.from(content)) });
      }
    }
    return this.commitFiles(branch, after, message ?? `Human change ${this.#people}`);
  }

  /** A person's commit of a whole tree, entries of any mode included. */
  commitFiles(branch: string, files: ReadonlyMap<string, TreeEntry>, message: string): string {
    const parent = this.branches.get(branch) ?? this.branches.get(this.default_branch);
    const tree = this.objects.writeFiles(files);
    const date = new Date(Date.UTC(2026, 0, 1, 0, 0, this.#people)).toISOString();
    const person: Person = { name: "Ada", email: "ada@example.org", date };
    const parents = parent === undefined ? [] : [parent];
    const sha = this.objects.writeCommit({ tree, parents, author: person, committer: person, message });
    this.branches.set(branch, sha);
    return sha;
  }

  /** As the button does: a merge commit, or one commit of the same files on the base. */
  mergePull(number: number, how: "merge" | "squash" = "merge"): string {
    const pull = this.pulls.find((one) => one.number === number);
    const base = this.branches.get(pull?.base ?? "");
    if (pull === undefined || base === undefined) throw new Error(`there is no pull request ${number}`);
    const head = this.headOf(pull);
    const person: Person = { name: "Ada", email: "ada@example.org", date: "2026-02-01T00:00:00Z" };
    const sha = this.objects.writeCommit({
      tree: this.objects.commits.get(head)!.tree,
      parents: how === "merge" ? [base, head] : [base],
      author: person,
      committer: person,
      message: `${pull.title} (#${number})`,
    });
    this.closePull(number);
    this.branches.set(pull.base, sha);
    pull.merged_at = person.date;
    return sha;
  }

  closePull(number: number): void {
    const pull = this.pulls.find((one) => one.number === number);
    if (pull === undefined) throw new Error(`there is no pull request ${number}`);
    pull.closed_at_sha = this.headOf(pull);
    pull.base_sha = this.branches.get(pull.base) ?? null;
    pull.state = "closed";
  }

  /** All that can be seen of it, as plain data. */
  snapshot(): RepositorySnapshot {
    const text = (sha: string): string => this.objects.blobs.get(sha)?.toString("utf8") ?? `(${sha})`;
    const branches = [...this.branches].map(([name, sha]) => {
      const files = this.objects.filesOf(this.objects.commits.get(sha)!.tree);
      const contents = [...files].map(([path, entry]) => [path, text(entry.sha)] as const);
      const commits = this.objects.historyOf(sha).map(({ sha: id, message, author, parents }) => {
        return { sha: id, message, author: author.email, parents };
      });
      return [name, { sha, files: Object.fromEntries(contents), commits }] as const;
    });
    return {
      private: this.private,
      description: this.description,
      default_branch: this.default_branch,
      branches: Object.fromEntries(branches),
      pulls: this.pulls.map(({ labels, reviewers, team_reviewers, reviewed_by: _, ...pull }) => ({
        ...pull,
        head_sha: this.headOf({ labels, reviewers, team_reviewers, reviewed_by: _, ...pull }),
        labels: [...labels],
        reviewers: [...reviewers],
        team_reviewers: [...team_reviewers],
      })),
      comments: this.comments.map((comment) => ({ ...comment })),
    };
  }
}

export type RepositorySnapshot = {
  readonly private: boolean;
  readonly description: string | null;
  readonly default_branch: string;
  readonly branches: Readonly<
    Record<
      string,
      {
        readonly sha: string;
        readonly files: Readonly<Record<string, string>>;
        readonly commits: readonly {
          readonly sha: string;
          readonly message: string;
          readonly author: string;
          readonly parents: readonly string[];
        }[];
      }
    >
  >;
  readonly pulls: readonly (Omit<Pull, "labels" | "reviewers" | "team_reviewers" | "reviewed_by"> & {
    readonly head_sha: string;
    readonly labels: readonly string[];
    readonly reviewers: readonly string[];
    readonly team_reviewers: readonly string[];
  })[];
  readonly comments: readonly Comment[];
};
