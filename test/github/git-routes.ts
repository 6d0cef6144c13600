import type { FakeRepository } from "./fake-repository.ts";
import type { Commit, Person, TreeEdit } from "./git-objects.ts";
import { invalid, notFound, Refusal } from "./refusal.ts";
import { type Asked, bodyOf, pageOf, type Parts, readable, type Routes, writable } from "./routes.ts";

const REPOSITORY = "/repos/:owner/:repo";
const SHA = /^[0-9a-f]{40}$/;

/** References, objects and their history. */
export function addGitRoutes(app: Routes, parts: Parts): void {
  app.get(`${REPOSITORY}/git/ref/:ref{.+}`, (context) => {
    const repository = withCommits(readable(context, parts));
    const branch = branchOf(context.req.param("ref"));
    return context.json(shownReference(branch, tipOf(repository, branch)));
  });
  app.post(`${REPOSITORY}/git/refs`, (context) => createReference(context, parts));
  app.patch(`${REPOSITORY}/git/refs/:ref{.+}`, (context) => updateReference(context, parts));
  app.post(`${REPOSITORY}/git/blobs`, (context) => createBlob(context, parts));
  app.post(`${REPOSITORY}/git/trees`, (context) => createTree(context, parts));
  app.get(`${REPOSITORY}/git/trees/:sha`, (context) => getTree(context, parts));
  app.post(`${REPOSITORY}/git/commits`, (context) => createCommit(context, parts));
  app.get(`${REPOSITORY}/git/commits/:sha`, (context) => {
    const commit = withCommits(readable(context, parts)).objects.commits.get(context.req.param("sha"));
    if (commit === undefined) throw notFound();
    return context.json(shownCommit(commit));
  });
  app.get(`${REPOSITORY}/commits`, (context) => {
    const repository = withCommits(readable(context, parts));
    const from = resolve(repository, context.req.query("sha") ?? repository.default_branch);
    const history = repository.objects.historyOf(from);
    return context.json(pageOf(context, history).map(listedCommit));
  });
  app.get(`${REPOSITORY}/compare/:range{.+}`, (context) => compare(context, parts));
}

function withCommits(repository: FakeRepository): FakeRepository {
  if (repository.isEmpty) throw new Refusal(409, "Git Repository is empty.");
  return repository;
}

function branchOf(ref: string | undefined): string {
  return (ref ?? "").replace(/^(refs\/)?heads\//, "");
}

function tipOf(repository: FakeRepository, branch: string): string {
  const sha = repository.branches.get(branch);
  if (sha === undefined) throw notFound();
  return sha;
}

function resolve(repository: FakeRepository, name: string): string {
  const sha = repository.branches.get(name) ?? name;
  if (!repository.objects.commits.has(sha)) throw notFound();
  return sha;
}

async function createReference(context: Asked, parts: Parts): Promise<Response> {
  const repository = withCommits(writable(context, parts));
  const { ref, sha } = (await bodyOf(context)) as { ref: string; sha: string };
  if (!ref.startsWith("refs/heads/")) throw invalid("Reference name is not valid");
  const branch = branchOf(ref);
  if (repository.branches.has(branch)) throw invalid("Reference already exists");
  // The directory of one branch is no branch, and the other way round.
  for (const known of repository.branches.keys()) {
    if (known.startsWith(`${branch}/`) || branch.startsWith(`${known}/`))
      throw invalid("Reference update failed");
  }
  if (!repository.objects.commits.has(sha)) throw invalid("Object does not exist");
  if (repository.protected_branches.has(branch)) throw ruleViolation();
  repository.branches.set(branch, sha);
  parts.happened({ kind: "branch.created", repo: repository.fullName, branch, sha });
  return context.json(shownReference(branch, sha), 201);
}

async function updateReference(context: Asked, parts: Parts): Promise<Response> {
  const repository = withCommits(writable(context, parts));
  const branch = branchOf(context.req.param("ref"));
  const before = repository.branches.get(branch);
  if (before === undefined) throw invalid("Reference does not exist");
  const { sha, force = false } = (await bodyOf(context)) as { sha: string; force?: boolean };
  if (!repository.objects.commits.has(sha)) throw invalid("Object does not exist");
  if (repository.protected_branches.has(branch)) throw ruleViolation();
  const forced = !repository.objects.isAncestor(before, sha);
  if (forced && !force) throw invalid("Update is not a fast forward");
  repository.branches.set(branch, sha);
  parts.happened({ kind: "branch.moved", repo: repository.fullName, branch, before, sha, forced });
  return context.json(shownReference(branch, sha));
}

function ruleViolation(): Refusal {
  return invalid("Repository rule violations found\n\nChanges must be made through a pull request.\n\n");
}

async function createBlob(context: Asked, parts: Parts): Promise<Response> {
  const repository = withCommits(writable(context, parts));
  const { content, encoding = "utf-8" } = (await bodyOf(context)) as { content: string; encoding?: string };
  const bytes = Buffer.from(content, encoding === "base64" ? "base64" : "utf8");
  if (bytes.length > 100 * 1024 ** 2) throw invalid("The blob is too large");
  const sha = repository.objects.writeBlob(bytes);
  parts.happened({ kind: "blob", repo: repository.fullName, sha });
  return context.json({ sha }, 201);
}

type AskedEntry = { path: string; mode: string; type?: string; sha?: string | null; content?: string };

async function createTree(context: Asked, parts: Parts): Promise<Response> {
  const repository = withCommits(writable(context, parts));
  const { base_tree, tree } = (await bodyOf(context)) as { base_tree?: string; tree: AskedEntry[] };
  if (tree.length === 0) throw invalid("Invalid tree info");
  const base = base_tree === undefined ? null : treeOf(repository, base_tree);
  const edits = tree.map(({ path, mode, sha, content }): TreeEdit => {
    if (path.startsWith("/") || path.split("/").some((name) => ["", ".", "..", ".git"].includes(name)))
      throw invalid("tree.path contains a malformed path component");
    const written = content === undefined ? null : repository.objects.writeBlob(Buffer.from(content));
    return { path, mode, sha: written ?? sha ?? null };
  });
  const sha = repository.objects.editTree(base, edits);
  if (sha === null) throw invalid("GitRPC::BadObjectState");
  parts.happened({ kind: "tree", repo: repository.fullName, sha });
  return context.json({ sha, truncated: false }, 201);
}

function treeOf(repository: FakeRepository, sha: string): string {
  const tree = repository.objects.commits.get(sha)?.tree ?? sha;
  if (!repository.objects.trees.has(tree)) throw notFound();
  return tree;
}

function getTree(context: Asked, parts: Parts): Response {
  const repository = withCommits(readable(context, parts));
  const sha = treeOf(repository, context.req.param("sha")!);
  const recursive = context.req.query("recursive") !== undefined;
  const listed = recursive ? allEntries(repository, sha, "") : entriesOf(repository, sha, "");
  const truncated = recursive && listed.length > repository.most_listed;
  return context.json({ sha, tree: truncated ? listed.slice(0, repository.most_listed) : listed, truncated });
}

type Listed = { path: string; mode: string; type: string; sha: string };

function entriesOf(repository: FakeRepository, tree: string, prefix: string): Listed[] {
  return [...repository.objects.trees.get(tree)!].map(([name, { mode, sha }]) => {
    const type = mode === "040000" ? "tree" : mode === "160000" ? "commit" : "blob";
    return { path: prefix + name, mode, type, sha };
  });
}

function allEntries(repository: FakeRepository, tree: string, prefix: string): Listed[] {
  return entriesOf(repository, tree, prefix).flatMap((entry) =>
    entry.type === "tree" ? [entry, ...allEntries(repository, entry.sha, `${entry.path}/`)] : [entry],
  );
}

async function createCommit(context: Asked, parts: Parts): Promise<Response> {
  const repository = withCommits(writable(context, parts));
  const body = (await bodyOf(context)) as {
    message: string;
    tree: string;
    parents?: string[];
    author?: Person;
    committer?: Person;
  };
  if (!SHA.test(body.tree) || !repository.objects.trees.has(body.tree))
    throw invalid("Tree SHA does not exist");
  const parents = body.parents ?? [];
  if (parents.some((parent) => !repository.objects.commits.has(parent)))
    throw invalid("Parent SHA does not exist or is not a commit object");
  const { login } = context.var.token;
  const now = { name: login, email: `${login}@example.org`, date: new Date().toISOString() };
  const author = body.author ?? now;
  const committer = body.committer ?? author;
  const { message, tree } = body;
  const sha = repository.objects.writeCommit({ tree, parents, author, committer, message });
  parts.happened({ kind: "commit", repo: repository.fullName, sha, message, parents });
  return context.json(shownCommit(repository.objects.commits.get(sha)!), 201);
}

function compare(context: Asked, parts: Parts): Response {
  const repository = withCommits(readable(context, parts));
  const [base, head] = (context.req.param("range") ?? "").split("...");
  const from = resolve(repository, base ?? "");
  const to = resolve(repository, head ?? "");
  const shared = repository.objects.mergeBase(from, to);
  if (shared === null) throw new Refusal(404, `No common ancestor between ${base} and ${head}.`);
  const ahead = commitsBetween(repository, from, to);
  const behind = commitsBetween(repository, to, from);
  const diverged = ahead.length > 0 && behind.length > 0;
  const status =
    ahead.length === 0 ? (behind.length === 0 ? "identical" : "behind") : diverged ? "diverged" : "ahead";
  return context.json({
    status,
    ahead_by: ahead.length,
    behind_by: behind.length,
    total_commits: ahead.length,
    merge_base_commit: listedCommit(repository.objects.commits.get(shared)!),
    commits: pageOf(context, ahead.toReversed()).map(listedCommit),
  });
}

/** Of `to` and not of `from`, newest first. */
export function commitsBetween({ objects }: FakeRepository, from: string, to: string): Commit[] {
  const known = new Set(objects.historyOf(from).map(({ sha }) => sha));
  return objects.historyOf(to).filter(({ sha }) => !known.has(sha));
}

function shownReference(branch: string, sha: string): object {
  return { ref: `refs/heads/${branch}`, object: { type: "commit", sha } };
}

function shownCommit({ sha, message, tree, parents, author, committer }: Commit): object {
  return {
    sha,
    message,
    tree: { sha: tree },
    parents: parents.map((id) => ({ sha: id })),
    author,
    committer,
  };
}

export function listedCommit(commit: Commit): object {
  const { sha, message, tree, parents, author, committer } = commit;
  const details = { message, author, committer, tree: { sha: tree } };
  return { sha, commit: details, parents: parents.map((id) => ({ sha: id })) };
}
