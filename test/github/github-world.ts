import { FakeRepository, type RepositoryOptions, type RepositorySnapshot } from "./fake-repository.ts";
import { invalid, notFound, Refusal } from "./refusal.ts";

/** `fine_grained` names the repositories that a token of the newer kind may write to. */
export type Token = {
  readonly login: string;
  readonly scopes: readonly string[];
  readonly fine_grained?: readonly string[];
};

export type Effect = { readonly kind: string; readonly repo: string } & Readonly<Record<string, unknown>>;

export type NewRepository = RepositoryOptions & {
  /** What is in the first commit of the default branch; without it the repository is empty. */
  readonly files?: Readonly<Record<string, string>>;
  readonly collaborators?: readonly string[];
};

/** Everything that the fake knows: people, organizations, tokens and repositories. */
export class GitHubWorld {
  readonly tokens = new Map<string, Token>();
  readonly organizations = new Map<string, ReadonlySet<string>>();
  readonly #repositories = new Map<string, FakeRepository>();
  #ids = 0;

  nextId(): number {
    this.#ids += 1;
    return this.#ids;
  }

  createRepository(fullName: string, options: NewRepository = {}): FakeRepository {
    const key = fullName.toLowerCase();
    if (this.#repositories.has(key)) throw new Error(`there is a repository ${fullName} already`);
    const repository = new FakeRepository(fullName, options);
    for (const login of options.collaborators ?? []) repository.collaborators.add(login);
    this.#repositories.set(key, repository);
    if (options.files) repository.humanCommit(repository.default_branch, options.files, "Initial commit");
    return repository;
  }

  /** Throws when there is none. */
  repository(fullName: string): FakeRepository {
    const found = this.#repositories.get(fullName.toLowerCase());
    if (found === undefined) throw notFound();
    return found;
  }

  has(fullName: string): boolean {
    return this.#repositories.has(fullName.toLowerCase());
  }

  humanCommit(repo: string, branch: string, files: Readonly<Record<string, string | null>>): string {
    return this.repository(repo).humanCommit(branch, files);
  }

  snapshot(): Readonly<Record<string, RepositorySnapshot>> {
    const all = [...this.#repositories.values()];
    return Object.fromEntries(all.map((repository) => [repository.fullName, repository.snapshot()]));
  }

  tokenOf(authorization: string | undefined): Token {
    const token = this.tokens.get(/^(?:token|bearer) (.+)$/i.exec(authorization ?? "")?.[1] ?? "");
    if (token === undefined) throw new Refusal(401, "Bad credentials");
    return token;
  }

  /** As GitHub does it: what may not be seen is not there, and of what may be seen one is told that it may not be changed. */
  readable(fullName: string, token: Token): FakeRepository {
    const repository = this.repository(fullName);
    if (repository.private && !(this.#belongs(repository, token) && this.#hasScope(repository, token)))
      throw notFound();
    return repository;
  }

  writable(fullName: string, token: Token): FakeRepository {
    const repository = this.readable(fullName, token);
    if (token.fine_grained !== undefined && !token.fine_grained.includes(repository.fullName))
      throw new Refusal(403, "Resource not accessible by personal access token");
    if (!this.#hasScope(repository, token)) {
      const headers = {
        "x-oauth-scopes": token.scopes.join(", "),
        "x-accepted-oauth-scopes": "public_repo, repo",
      };
      throw new Refusal(404, "Not Found", { headers });
    }
    if (!this.mayPush(repository, token)) throw new Refusal(403, "Must have push access to repository");
    if (repository.archived) throw new Refusal(403, "Repository was archived so is read-only.");
    return repository;
  }

  mayPush(repository: FakeRepository, token: Token): boolean {
    return this.#belongs(repository, token) && this.#hasScope(repository, token);
  }

  newRepository(owner: string, token: Token, body: Readonly<Record<string, unknown>>): FakeRepository {
    const isOwn = owner === token.login;
    if (!isOwn && !this.organizations.has(owner)) throw notFound();
    if (!isOwn && !this.organizations.get(owner)!.has(token.login))
      throw new Refusal(403, "You need admin access to the organization before adding a repository to it.");
    const isPrivate = body["private"] === true;
    if (!token.scopes.includes("repo") && (isPrivate || !token.scopes.includes("public_repo")))
      throw notFound();
    const name = String(body["name"]).replaceAll(/[^A-Za-z0-9._-]/g, "-");
    if (this.has(`${owner}/${name}`)) {
      const message = "name already exists on this account";
      throw invalid("Repository creation failed.", [
        { resource: "Repository", code: "custom", field: "name", message },
      ]);
    }
    const description = (body["description"] as string | undefined) ?? null;
    return this.createRepository(`${owner}/${name}`, { private: isPrivate, description });
  }

  #belongs({ owner, collaborators }: FakeRepository, { login }: Token): boolean {
    return (
      owner === login || collaborators.has(login) || (this.organizations.get(owner)?.has(login) ?? false)
    );
  }

  #hasScope(repository: FakeRepository, { scopes }: Token): boolean {
    return scopes.includes("repo") || (!repository.private && scopes.includes("public_repo"));
  }
}
