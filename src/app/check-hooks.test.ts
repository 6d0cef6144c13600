import { expect, test } from "vitest";

import { ConfigError } from "../config/config-error.ts";
import { Config } from "../config/config.ts";
import { recordingLogger } from "../storage/testsuite/store-under-test.testsuite.ts";
import { createRepositories } from "../workspace/repositories.ts";
import { checkHooks } from "./check-hooks.ts";
import { openDeliveries } from "./open-deliveries.ts";
import { openSecrets } from "./open-secrets.ts";
import { systemClock } from "./system-clock.ts";

const TOKEN = "secret://GITHUB_TOKEN";

/** What is wrong with one hook of two repositories. */
function problemsOf(hook: object, workflow: object = {}): readonly string[] {
  const site = { name: "site", secret: "a-secret-of-the-site", repositories: ["acme/site", "acme/docs"] };
  const config = Config.parse({
    data_dir: "/none",
    database: "sqlite:/none",
    hooks: { github: [{ ...site, ...hook }] },
    workspace: { allowed: ["https://github.com/acme"] },
    workflow,
  });
  const logger = recordingLogger();
  const nothingStored = { forTenant: () => Promise.reject(new Error("nothing is stored")) } as never;
  const secrets = openSecrets({ config, storage: nothingStored, clock: systemClock });
  const { actions } = openDeliveries({ config, clock: systemClock, logger, secrets });
  try {
    checkHooks({
      config,
      actions,
      repositories: createRepositories({ allowed: config.workspace.allowed, logger }),
    });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
}

test("a pull request is checked with the repository and the issue that it will be told", () => {
  expect(problemsOf({ delivery: { action: "github-pr", config: { token: TOKEN, draft: true } } })).toEqual(
    [],
  );
  expect(problemsOf({ delivery: null })).toEqual([]);
});

test.each<[string, object, RegExp]>([
  [
    "an action that there is not",
    { delivery: { action: "github-prs" } },
    /^hooks\.github\[site\]\.delivery\.action: There is no delivery action github-prs; known are .*github-pr/,
  ],
  [
    "a misspelt setting",
    { delivery: { action: "github-pr", config: { drafts: true } } },
    /^hooks\.github\[site\]\.delivery\.config: .*drafts/,
  ],
  [
    "a setting of another kind",
    { delivery: { action: "github-pr", config: { draft: "yes" } } },
    /^hooks\.github\[site\]\.delivery\.config\.draft: /,
  ],
  [
    "a token that is written out",
    { delivery: { action: "github-pr", config: { token: `ghp_${"a".repeat(36)}` } } },
    /^hooks\.github\[site\]\.delivery\.config\.token: .*orca secrets set/,
  ],
])("%s is told once, whatever the number of repositories", (_what, hook, problem) => {
  const problems = problemsOf(hook);
  expect(problems).toEqual([expect.stringMatching(problem)]);
  expect(problems.join("")).not.toContain("ghp_");
});

test("an action that is not allowed is told with its setting", () => {
  expect(
    problemsOf({ delivery: { action: "github-pr" } }, { delivery_actions: ["api-response"] }),
  ).toMatchObject([
    expect.stringMatching(/^hooks\.github\[site\]\.delivery\.action: .*workflow\.delivery_actions/),
  ]);
});

test("every repository that is not allowed is told, unless the hook starts from none", () => {
  const repositories = ["acme/site", "elsewhere/one", "elsewhere/two"];
  expect(problemsOf({ repositories })).toEqual([
    expect.stringMatching(/^hooks\.github\[site\]\.workspace: elsewhere\/one: .*workspace\.allowed/),
    expect.stringMatching(/^hooks\.github\[site\]\.workspace: elsewhere\/two: /),
  ]);
  expect(problemsOf({ repositories, workspace: false })).toEqual([]);
});
