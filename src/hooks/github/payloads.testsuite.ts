import { GithubHook, type GithubHook as Hook } from "../../config/hooks.ts";

/** When all of it happened. */
export const AT = "2026-11-23T10:00:00Z";

type Fields = Readonly<Record<string, unknown>>;

/** Changes to the parts of a payload; the rest of it stays. */
export type Changes = {
  readonly issue?: Fields;
  readonly comment?: Fields;
  readonly repository?: string;
  readonly sender?: Fields;
  readonly label?: string;
  readonly action?: string;
};

const ADA = { login: "ada", id: 7, type: "User", site_admin: false };

/** The person who may start workflows in these payloads. */
export const MAINTAINER = ADA.login;

function issueOf(changes: Fields = {}): Fields {
  return {
    id: 4711,
    number: 12,
    title: "Dates are off by a day",
    body: "In winter the page shows the day before.",
    state: "open",
    locked: false,
    user: ADA,
    author_association: "OWNER",
    labels: [{ name: "orca" }],
    created_at: "2026-11-20T08:00:00Z",
    updated_at: AT,
    ...changes,
  };
}

function repositoryOf(full_name = "acme/site"): Fields {
  const [login, name] = full_name.split("/");
  return { id: 1, name, full_name, private: false, owner: { login, type: "Organization" } };
}

/** What GitHub sends when a label is put on an issue. */
export function labeled({
  issue,
  repository,
  sender,
  label = "orca",
  action = "labeled",
}: Changes = {}): Fields {
  return {
    action,
    issue: issueOf(issue),
    label: { id: 3, name: label, color: "ffffff" },
    repository: repositoryOf(repository),
    sender: { ...ADA, ...sender },
  };
}

/** What GitHub sends when somebody writes on an issue; its author is the sender. */
export function commented({ issue, comment, repository, sender, action = "created" }: Changes = {}): Fields {
  return {
    action,
    issue: issueOf({ user: { login: "guest", type: "User" }, author_association: "NONE", ...issue }),
    comment: {
      id: 99,
      body: "/orca mend the dates",
      user: { ...ADA, ...sender },
      author_association: "MEMBER",
      created_at: AT,
      updated_at: AT,
      performed_via_github_app: null,
      ...comment,
    },
    repository: repositoryOf(repository),
    sender: { ...ADA, ...sender },
  };
}

export function aHook(changes: Partial<Hook> = {}): Hook {
  return GithubHook.parse({
    name: "site",
    secret: "a-secret-of-the-site-hook",
    tenant: "acme",
    repositories: ["acme/site"],
    label: "orca",
    ...changes,
  });
}
