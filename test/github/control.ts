import type { GitHubWorld, NewRepository, Token } from "./github-world.ts";
import { bodyOf, type Routes } from "./routes.ts";

/** What a world begins with. */
export type Setup = {
  readonly tokens?: Readonly<Record<string, Token>>;
  readonly organizations?: Readonly<Record<string, readonly string[]>>;
  readonly repositories?: Readonly<Record<string, NewRepository & { readonly issues?: number }>>;
};

export function setUp(world: GitHubWorld, { tokens, organizations, repositories }: Setup): void {
  for (const [token, owner] of Object.entries(tokens ?? {})) world.tokens.set(token, owner);
  for (const [name, members] of Object.entries(organizations ?? {}))
    world.organizations.set(name, new Set(members));
  for (const [fullName, { issues = 0, ...options }] of Object.entries(repositories ?? {})) {
    const repository = world.createRepository(fullName, options);
    for (let opened = 0; opened < issues; opened += 1) repository.openIssue();
  }
}

/**
 * For whoever stands outside of the process:
 * `POST /_fake/setup` a Setup; `POST /_fake/human-commit` `{repo, branch, files}` answers `{sha}`;
 * `POST /_fake/merge` and `POST /_fake/close` `{repo, number}`; `POST /_fake/protect` `{repo, branch}`;
 * `POST /_fake/away` `{calls}`; `GET /_fake/snapshot`.
 */
export function addControlRoutes(
  app: Routes,
  world: GitHubWorld,
  { awayFor }: { readonly awayFor: (calls: number) => void },
): void {
  app.post("/_fake/setup", async (context) => {
    setUp(world, await bodyOf(context));
    return context.json({});
  });
  app.post("/_fake/human-commit", async (context) => {
    const { repo, branch, files } = (await bodyOf(context)) as {
      repo: string;
      branch: string;
      files: Record<string, string | null>;
    };
    return context.json({ sha: world.humanCommit(repo, branch, files) });
  });
  app.post("/_fake/merge", async (context) => {
    const { repo, number } = (await bodyOf(context)) as { repo: string; number: number };
    return context.json({ sha: world.repository(repo).mergePull(number) });
  });
  app.post("/_fake/close", async (context) => {
    const { repo, number } = (await bodyOf(context)) as { repo: string; number: number };
    world.repository(repo).closePull(number);
    return context.json({});
  });
  app.post("/_fake/protect", async (context) => {
    const { repo, branch } = (await bodyOf(context)) as { repo: string; branch: string };
    world.repository(repo).protected_branches.add(branch);
    return context.json({});
  });
  app.post("/_fake/away", async (context) => {
    awayFor(((await bodyOf(context)) as { calls: number }).calls);
    return context.json({});
  });
  app.get("/_fake/snapshot", (context) => context.json(world.snapshot()));
}
