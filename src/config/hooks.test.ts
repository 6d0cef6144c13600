import { describe, expect, test } from "vitest";

import { Hooks } from "./hooks.ts";

const SITE = { name: "site", secret: "a-secret-of-the-site", repositories: ["acme/site"], label: "orca" };
const DOCS = { ...SITE, name: "docs", secret: "a-secret-of-the-docs", repositories: ["acme/docs"] };

function problemsOf(...github: unknown[]): string[] {
  const parsed = Hooks.safeParse({ github });
  return parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

test("a hook has careful defaults", () => {
  expect(Hooks.parse({ github: [SITE] }).github).toEqual([
    {
      ...SITE,
      tenant: "default",
      scope: null,
      command: "/orca",
      permitted: { associations: ["OWNER", "MEMBER", "COLLABORATOR"], users: [] },
      workspace: true,
      delivery: null,
      max_age_s: 86_400,
    },
  ]);
});

test("several tenants have hooks side by side, each with its secret", () => {
  expect(problemsOf({ ...SITE, tenant: "a" }, { ...DOCS, tenant: "b" })).toEqual([]);
  expect(
    problemsOf(
      { ...SITE, secret: "secret://SITE_HOOK", tenant: "a" },
      { ...DOCS, secret: "secret://DOCS_HOOK", tenant: "b" },
    ),
  ).toEqual([]);
  expect(problemsOf({ ...SITE, secret: "secret://HOOK" }, { ...DOCS, secret: "secret://HOOK" })).toEqual([]);
});

describe("is refused:", () => {
  test.each<[string, object[], string]>([
    [
      "a repository in two lists, also in other letters",
      [SITE, { ...DOCS, repositories: ["ACME/Site"] }],
      "github.1.repositories: ACME/Site stands twice; each may start workflows of one only",
    ],
    [
      "a name that is used twice",
      [SITE, { ...DOCS, name: "site" }],
      "github.1.name: the name site is used twice",
    ],
    [
      "one secret for two tenants",
      [SITE, { ...DOCS, secret: SITE.secret, tenant: "other" }],
      "github.1.secret: tenant default has the same; each needs a secret of its own",
    ],
    [
      "one reference for two tenants, which may lead to one secret",
      [
        { ...SITE, secret: "secret://HOOK" },
        { ...DOCS, secret: "secret://HOOK", tenant: "other" },
      ],
      "github.1.secret: tenant default has the same; each needs a secret of its own",
    ],
    [
      "a short secret",
      [{ ...SITE, secret: "hunter2" }],
      "github.0.secret: a secret that can be guessed protects nothing; use 16 characters or more",
    ],
    [
      "a reference to nothing",
      [{ ...SITE, secret: "secret://no-name" }],
      "github.0.secret: name a secret, such as secret://GITHUB_HOOK",
    ],
    [
      "nothing that starts",
      [{ ...SITE, label: null, command: null }],
      "github.0.label: nothing starts a workflow; give it a label or a command",
    ],
    [
      "a repository with other letters",
      [{ ...SITE, repositories: ["acme/\u0455ite"] }],
      "github.0.repositories.0: write it as owner/name",
    ],
    [
      "a repository that is a path",
      [{ ...SITE, repositories: ["acme/.."] }],
      "github.0.repositories.0: write it as owner/name",
    ],
    ["a command without a slash", [{ ...SITE, command: "orca" }], "github.0.command: write it like /orca"],
    [
      "an age beyond a week",
      [{ ...SITE, max_age_s: 604_801 }],
      "github.0.max_age_s: Too big: expected number to be <=604800",
    ],
  ])("%s", (_name, hooks, problem) => {
    expect(problemsOf(...hooks)).toContain(problem);
  });
});
