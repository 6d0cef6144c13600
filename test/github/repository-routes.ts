import type { FakeRepository } from "./fake-repository.ts";
import { Refusal } from "./refusal.ts";
import { type Asked, bodyOf, nameOf, type Parts, readable, type Routes, writable } from "./routes.ts";

export function addRepositoryRoutes(app: Routes, parts: Parts): void {
  app.get("/user", (context) => context.json({ login: context.var.token.login, type: "User" }));
  app.get("/repos/:owner/:repo", (context) => {
    const repository = readable(context, parts);
    return context.json(shownRepository(context, repository, parts));
  });
  app.post("/user/repos", (context) => create(context, context.var.token.login, parts));
  app.post("/orgs/:org/repos", (context) => create(context, context.req.param("org"), parts));
  app.put("/repos/:owner/:repo/contents/:path{.+}", (context) => putContents(context, parts));
}

/** Where links lead: what there is can be seen by everybody. */
export function addPages(app: Routes, { world }: Parts): void {
  app.get("/pages/:owner/:repo/:kind?/:id?", (context) => {
    const { kind, id = "" } = context.req.param();
    const repository = world.repository(nameOf(context));
    const isThere =
      kind === undefined ||
      (kind === "commit" && repository.objects.commits.has(id)) ||
      (kind === "pull" && repository.pulls.some(({ number }) => String(number) === id)) ||
      (kind === "issues" && repository.issues.has(Number(id)));
    return isThere ? context.text(`${kind ?? "repository"} ${id}`) : context.notFound();
  });
}

async function create(context: Asked, owner: string, parts: Parts): Promise<Response> {
  const body = await bodyOf(context);
  const repository = parts.world.newRepository(owner, context.var.token, body);
  parts.happened({ kind: "repository.created", repo: repository.fullName });
  return context.json(shownRepository(context, repository, parts), 201);
}

/** Only what an empty repository needs: one new file in a first commit. */
async function putContents(context: Asked, parts: Parts): Promise<Response> {
  const repository = writable(context, parts);
  const body = (await bodyOf(context)) as { branch?: string; sha?: string; content: string; message: string };
  const path = context.req.param("path")!;
  const branch = body.branch ?? repository.default_branch;
  const before = repository.branches.get(branch);
  if (before === undefined && !repository.isEmpty) throw new Refusal(404, `Branch ${branch} not found`);
  if (before !== undefined && body.sha === undefined) {
    const tree = repository.objects.commits.get(before)!.tree;
    if (repository.objects.filesOf(tree).has(path))
      throw new Refusal(422, 'Invalid request.\n\n"sha" wasn\'t supplied.');
  }
  if (repository.protected_branches.has(branch))
    throw new Refusal(
      409,
      "Repository rule violations found\n\nChanges must be made through a pull request.",
    );
  const blob = repository.objects.writeBlob(Buffer.from(body.content, "base64"));
  const parent = before === undefined ? null : repository.objects.commits.get(before)!;
  const edits = [{ path, mode: "100644", sha: blob }];
  const tree = repository.objects.editTree(parent?.tree ?? null, edits)!;
  const date = "2026-03-01T00:00:00Z";
  const person = { name: context.var.token.login, email: `${context.var.token.login}@example.org`, date };
  const message = body.message;
  const parents = before === undefined ? [] : [before];
  const sha = repository.objects.writeCommit({ tree, parents, author: person, committer: person, message });
  repository.branches.set(branch, sha);
  parts.happened({ kind: "branch.created", repo: repository.fullName, branch, sha });
  return context.json({ content: { path, sha: blob }, commit: { sha } }, 201);
}

function shownRepository(context: Asked, repository: FakeRepository, { world, web }: Parts): object {
  const push = world.mayPush(repository, context.var.token);
  return {
    full_name: repository.fullName,
    name: repository.name,
    owner: { login: repository.owner },
    private: repository.private,
    archived: repository.archived,
    default_branch: repository.default_branch,
    html_url: `${web()}/${repository.fullName}`,
    description: repository.description,
    permissions: { pull: true, push, admin: push },
  };
}
