import { afterEach, describe, expect, test } from "vitest";

import {
  deliveriesBy,
  type Files,
  FIRST,
  openScene,
  ORCA,
  REPO,
  refusal,
  type Scene,
  secret,
  TOKEN,
} from "../../../test/github/scene.ts";
import { deliveryActionSuite } from "../delivery-action.testsuite.ts";
import type { GitHubParts } from "../github-client.ts";
import { createGitHubPrAction, type GitHubPrConfig } from "./github-pr-action.ts";

const scenes: Scene[] = [];
async function scene(over: Partial<GitHubParts> = {}) {
  const opened = await openScene(over);
  scenes.push(opened);
  return { ...opened, action: createGitHubPrAction(opened.parts) };
}
afterEach(async () => {
  await Promise.all(scenes.splice(0).map(({ fake }) => fake.close()));
});

const BRANCH = "orca/gru-e-fur-alle-a-greeter-4f2a91c0";
const config: GitHubPrConfig = { repo: REPO };

const { delivery, again } = deliveriesBy("github-pr");

deliveryActionSuite("github-pr", async () => {
  const { fake, action, seen } = await openScene().then((opened) => {
    return { ...opened, action: createGitHubPrAction(opened.parts) };
  });
  return {
    action,
    config: { repo: REPO, labels: ["orca"], comment_on: fake.world.repository(REPO).openIssue() },
    context: { secret },
    result: () => Promise.resolve(seen()),
    close: () => fake.close(),
  };
});

test("makes one branch, one commit with who, when and what for, and one pull request", async () => {
  const { action, seen, passed } = await scene();
  const receipt = await action.deliver(config, delivery(FIRST));
  const { branches, pulls } = seen();
  expect(Object.keys(branches)).toEqual(["main", BRANCH]);
  const { files, commits } = branches[BRANCH]!;
  expect(files).toEqual({ ...FIRST, "src/old.js": "old\n" });
  expect(commits).toHaveLength(2);
  expect(commits[0]).toMatchObject({
    author: "orca@example.org",
    message: expect.stringMatching(/^Grüße für alle: a greeter\n\nIt says hello\.\n\nOrca-Workflow: wf_/),
  });
  expect(pulls).toHaveLength(1);
  expect(pulls[0]).toMatchObject({
    head: BRANCH,
    base: "main",
    draft: false,
    title: "Grüße für alle: a greeter",
  });
  expect(pulls[0]!.body).toContain("| AC1 | must | It greets. | met |");
  expect(pulls[0]!.body).toContain("**Verdict:** verified");
  expect(pulls[0]!.body).toContain("node --test");
  expect(receipt.links).toEqual([`https://github.com/${REPO}/pull/1`]);
  expect(Object.fromEntries(receipt.metadata.map(({ name, value }) => [name, value]))).toEqual({
    repository: REPO,
    branch: BRANCH,
    base: "main",
    base_commit: commits[1]!.sha,
    commit: commits[0]!.sha,
    pull_number: "1",
    state: "open",
  });
  expect(passed).toEqual(["github.blobs", "github.commit", "github.branch", "github.pull"]);
});

test("a new tree of the same workflow is a second commit and the same pull request", async () => {
  const { action, seen } = await scene();
  await action.deliver(config, delivery({ ...FIRST, "src/dropped.js": "1\n" }));
  await action.deliver(
    config,
    again({ ...FIRST, "src/greet.js": "greet better\n" }, { summary: "It is better." }),
  );
  const { branches, pulls } = seen();
  expect(branches[BRANCH]!.files).toEqual({
    ...FIRST,
    "src/greet.js": "greet better\n",
    "src/old.js": "old\n",
  });
  expect(branches[BRANCH]!.commits).toHaveLength(3);
  expect(pulls).toHaveLength(1);
  expect(pulls[0]!.body).toContain("It is better.");
  expect(pulls[0]!.body).not.toContain("It says hello.");
});

test("keeps what people have written around our part of the body, and a title of theirs", async () => {
  const { action, fake, seen } = await scene();
  await action.deliver(config, delivery(FIRST));
  const pull = fake.world.repository(REPO).pulls[0]!;
  pull.title = "Mine";
  pull.body = `Please read.\r\n\r\n${pull.body.replaceAll("\n", "\r\n")}\r\n\r\n- [x] read`;
  await action.deliver(config, again({ ...FIRST, "more.txt": "more\n" }, { summary: "It is better." }));
  const { body, title } = seen().pulls[0]!;
  expect(title).toBe("Mine");
  expect(body).toMatch(/^Please read\.\n\n<!-- orca:begin/);
  expect(body).toMatch(/orca:end \S+ -->\n\n- \[x\] read$/);
  expect(body).toContain("It is better.");
});

describe("commits of people on the branch", () => {
  test("stay, and the new tree is put together with them", async () => {
    const { action, fake, seen } = await scene();
    await action.deliver(config, delivery({ ...FIRST, "src/a.js": "a\n" }));
    const human = fake.world.humanCommit(REPO, BRANCH, {
      "src/greet.js": "greet, by a person\n",
      "own.txt": "own\n",
    });
    await action.deliver(config, again({ ...FIRST, "src/a.js": "a, better\n" }));
    const { files, commits } = seen().branches[BRANCH]!;
    expect(files).toMatchObject({
      "src/greet.js": "greet, by a person\n",
      "own.txt": "own\n",
      "src/a.js": "a, better\n",
    });
    expect(commits.map(({ sha }) => sha)).toContain(human);
    expect(fake.effects("branch.moved").every(({ forced }) => forced === false)).toBe(true);
  });

  test("that change what we change too are a person's turn", async () => {
    const { action, fake, seen } = await scene();
    await action.deliver(config, delivery(FIRST));
    fake.world.humanCommit(REPO, BRANCH, { "src/greet.js": "greet, by a person\n" });
    const before = seen();
    const error = await refusal(
      action.deliver(config, again({ ...FIRST, "src/greet.js": "greet, by us\n" })),
    );
    expect(error.message).toMatch(/src\/greet\.js\. Nothing was overwritten/);
    expect(error.temporary).toBe(false);
    expect(seen()).toEqual(before);
  });

  test("that are one of ours, amended, are theirs", async () => {
    const { action, fake, seen } = await scene();
    await action.deliver(config, delivery(FIRST));
    const repository = fake.world.repository(REPO);
    const ours = repository.objects.commits.get(repository.branches.get(BRANCH)!)!;
    repository.branches.set(BRANCH, ours.parents[0]!);
    fake.world.humanCommit(REPO, BRANCH, { ...FIRST, "src/greet.js": "amended\n" });
    const amended = repository.objects.commits.get(repository.branches.get(BRANCH)!)!;
    const { message } = ours;
    repository.branches.set(BRANCH, repository.objects.writeCommit({ ...amended, message }));
    const before = seen();
    const error = await refusal(
      action.deliver(config, again({ ...FIRST, "src/greet.js": "greet, by us\n" })),
    );
    expect(error.message).toContain("src/greet.js");
    expect(seen()).toEqual(before);
  });

  test("that come in between are built on", async () => {
    const { action, fake, seen } = await scene();
    await action.deliver(config, delivery(FIRST));
    let pushes = 2;
    fake.before(({ method, path }) => {
      if (method !== "PATCH" || !path.includes("/git/refs/") || pushes === 0) return;
      pushes -= 1;
      fake.world.humanCommit(REPO, BRANCH, { [`own-${pushes}.txt`]: "own\n" });
    });
    await action.deliver(config, again({ ...FIRST, "more.txt": "more\n" }));
    expect(Object.keys(seen().branches[BRANCH]!.files)).toEqual(
      expect.arrayContaining(["more.txt", "own-0.txt", "own-1.txt"]),
    );
  });

  test("that never stop are waited for", async () => {
    const { action, fake } = await scene();
    await action.deliver(config, delivery(FIRST));
    let pushes = 0;
    fake.before(({ method, path }) => {
      if (method !== "PATCH" || !path.includes("/git/refs/")) return;
      pushes += 1;
      fake.world.humanCommit(REPO, BRANCH, { "own.txt": `${pushes}\n` });
    });
    const error = await refusal(action.deliver(config, again({ ...FIRST, "more.txt": "more\n" })));
    expect(error.temporary).toBe(true);
    expect(pushes).toBe(3);
  });

  test("on a branch of theirs are not overwritten, and what they left alone is changed", async () => {
    const { action, fake, seen } = await scene();
    fake.world.humanCommit(REPO, "feature/x", { "src/greet.js": "theirs\n" });
    const error = await refusal(action.deliver({ ...config, branch: "feature/x" }, delivery(FIRST)));
    expect(error.message).toContain("src/greet.js");
    await action.deliver({ ...config, branch: "feature/x" }, delivery({ "README.md": "ours\n" }));
    expect(seen().branches["feature/x"]!.files).toMatchObject({
      "README.md": "ours\n",
      "src/greet.js": "theirs\n",
    });
  });
});

describe("a pull request that is not open any more", () => {
  test("merged, with its branch gone: it is delivered", async () => {
    const { action, fake, seen } = await scene();
    await action.deliver(config, delivery(FIRST));
    fake.world.repository(REPO).mergePull(1, "squash");
    fake.world.repository(REPO).branches.delete(BRANCH);
    const receipt = await action.deliver(config, delivery(FIRST));
    expect(receipt.links).toEqual([`https://github.com/${REPO}/pull/1`]);
    expect(receipt.metadata).toContainEqual({ name: "state", value: "merged" });
    expect(seen().pulls).toHaveLength(1);
    expect(Object.keys(seen().branches)).toEqual(["main"]);
  });

  test.each(["merge", "squash"] as const)(
    "merged by %s, with its branch there: it is delivered",
    async (how) => {
      const { action, fake, seen } = await scene();
      await action.deliver(config, delivery(FIRST));
      fake.world.repository(REPO).mergePull(1, how);
      const receipt = await action.deliver(config, delivery(FIRST));
      expect(receipt.metadata).toContainEqual({ name: "state", value: "merged" });
      expect(seen().pulls).toHaveLength(1);
    },
  );

  test("merged, and a new tree comes: a new one on the same branch", async () => {
    const { action, fake, seen } = await scene();
    await action.deliver(config, delivery(FIRST));
    fake.world.repository(REPO).mergePull(1);
    await action.deliver(config, again({ ...FIRST, "more.txt": "more\n" }));
    const { pulls, branches } = seen();
    expect(pulls.map(({ number, state }) => [number, state])).toEqual([
      [1, "closed"],
      [2, "open"],
    ]);
    expect(branches[BRANCH]!.files).toMatchObject({ "more.txt": "more\n" });
  });

  test("closed by a person while its branch lacks nothing: a new one", async () => {
    const { action, fake, seen } = await scene();
    await action.deliver(config, delivery(FIRST));
    fake.world.repository(REPO).closePull(1);
    await action.deliver(config, delivery(FIRST));
    expect(seen().pulls.map(({ state }) => state)).toEqual(["closed", "open"]);
    expect(seen().branches[BRANCH]!.commits).toHaveLength(2);
  });
});

describe("what people have taken back is left so, and the receipt says so,", () => {
  const told = { name: "commit_state", value: "delivered_before" };
  const TAKEN_BACK = { "README.md": "# Site\n", "src/greet.js": null };

  test("on the branch of an open pull request", async () => {
    const { action, fake, seen } = await scene();
    const first = await action.deliver(config, delivery(FIRST));
    expect(first.metadata).not.toContainEqual(told);
    fake.world.humanCommit(REPO, BRANCH, TAKEN_BACK);
    const before = seen();
    const { metadata } = await action.deliver(config, delivery(FIRST));
    expect(metadata).toEqual([...first.metadata, told]);
    expect((await action.preview(config, delivery(FIRST))).effects[0]).toMatch(
      /is this delivery; its files were changed since and are left so$/,
    );
    expect(seen()).toEqual(before);
  });

  test.each([true, false])("on the base, after a merge (branch gone: %s)", async (isGone) => {
    const { action, fake, seen } = await scene();
    await action.deliver(config, delivery(FIRST));
    fake.world.repository(REPO).mergePull(1);
    if (isGone) fake.world.repository(REPO).branches.delete(BRANCH);
    expect((await action.deliver(config, delivery(FIRST))).metadata).not.toContainEqual(told);
    fake.world.humanCommit(REPO, "main", TAKEN_BACK);
    const before = seen();
    expect((await action.deliver(config, delivery(FIRST))).metadata).toContainEqual(told);
    expect((await action.preview(config, delivery(FIRST))).effects).toEqual([
      `nothing: it was merged by https://github.com/${REPO}/pull/1; its files were changed since and are left so`,
    ]);
    expect(seen()).toEqual(before);
  });
});

describe("a workflow that began with this repository", () => {
  const began = (opened: Scene, files: Files) => {
    const commit = opened.fake.world.repository(REPO).branches.get("main")!;
    const imported = { repo: `https://github.com/${REPO}.git`, path: null, commit };
    const context = delivery(files, { imported, deleted: ["src/old.js"] });
    const untouched = context.artifacts.map((one) => ({ ...one, changed: one.path !== "README.md" }));
    return { ...context, imported, artifacts: untouched };
  };

  test("builds on its commit, leaves alone what it left alone, and deletes what it deleted", async () => {
    const opened = await scene();
    const context = began(opened, { "README.md": "# Site\n", "src/new.js": "new\n" });
    const head = opened.fake.world.humanCommit(REPO, "main", { "README.md": "# Site, meanwhile\n" });
    await opened.action.deliver(config, context);
    const { files, commits } = opened.seen().branches[BRANCH]!;
    expect(files).toEqual({ "README.md": "# Site\n", "src/new.js": "new\n" });
    expect(commits[0]!.parents).toEqual([context.imported.commit]);
    expect(opened.seen().branches["main"]!.sha).toBe(head);
  });

  test("and whose commit is gone says so", async () => {
    const opened = await scene();
    const context = began(opened, FIRST);
    const lost = { ...context, imported: { ...context.imported, commit: "f".repeat(40) } };
    const error = await refusal(opened.action.deliver(config, lost));
    expect(error.message).toMatch(/no longer has the commit f+ that the workflow began with/);
    expect(error.temporary).toBe(false);
  });
});

test("asks for what it was told to, once: draft, labels, reviewers, base, title, body and a comment", async () => {
  const { action, fake, seen } = await scene();
  const repository = fake.world.repository(REPO);
  repository.collaborators.add("ada").add("bob");
  fake.world.humanCommit(REPO, "develop", { "dev.txt": "dev\n" });
  const issue = repository.openIssue();
  const all: GitHubPrConfig = {
    repo: REPO,
    base: "develop",
    branch: "robots/greeter",
    title: "Add a greeter",
    body: "Asked for by @ada.",
    path: "packages/site",
    draft: true,
    labels: ["orca", "robot"],
    reviewers: ["ada", "bob"],
    team_reviewers: ["web"],
    comment_on: issue,
  };
  const receipt = await action.deliver(all, delivery(FIRST));
  const { pulls, comments, branches } = seen();
  expect(pulls[0]).toMatchObject({
    base: "develop",
    head: "robots/greeter",
    title: "Add a greeter",
    draft: true,
    labels: ["orca", "robot"],
    reviewers: ["ada", "bob"],
    team_reviewers: ["web"],
    body: expect.stringContaining("Asked for by @ada."),
  });
  expect(branches["robots/greeter"]!.files).toMatchObject({ "packages/site/src/greet.js": "greet\n" });
  expect(comments).toHaveLength(1);
  expect(comments[0]).toMatchObject({
    issue,
    body: expect.stringContaining(`https://github.com/${REPO}/pull/2`),
  });
  expect(receipt.links).toEqual([
    `https://github.com/${REPO}/pull/2`,
    `https://github.com/${REPO}/issues/${issue}#issuecomment-1`,
  ]);
  const { reviewed_by, reviewers } = repository.pulls[0]!;
  reviewers.delete("ada");
  reviewed_by.add("ada");
  const before = seen();
  expect(await action.deliver(all, delivery(FIRST))).toEqual(receipt);
  expect(seen()).toEqual(before);
  for (const kind of ["pull.created", "labeled", "review.requested", "comment.created"])
    expect(fake.effects(kind)).toHaveLength(1);
  expect(fake.effects("pull.updated")).toEqual([]);
});

test("a repository whose name is written in another case is the same", async () => {
  const { action, seen } = await scene();
  const first = await action.deliver({ repo: "ACME/Site" }, delivery(FIRST));
  expect(await action.deliver(config, delivery(FIRST))).toEqual(first);
  expect(seen().pulls).toHaveLength(1);
});

test("a preview names what would happen, before and after it has", async () => {
  const { action, fake } = await scene();
  const issue = fake.world.repository(REPO).openIssue();
  const all = { ...config, draft: true, labels: ["orca"], reviewers: ["acme"], comment_on: issue };
  const main = fake.world.repository(REPO).branches.get("main")!;
  expect(await action.preview(all, delivery(FIRST))).toEqual({
    target: `github.com/${REPO}, branch ${BRANCH}`,
    effects: [
      `creates the branch ${BRANCH} with one commit on ${main}`,
      "adds 1 file: src/greet.js",
      "changes 1 file: README.md",
      "opens a draft of a pull request into main",
      "labels it orca",
      "asks for a review: acme",
      `leaves a comment with the link on #${issue}`,
    ],
  });
  await action.deliver({ ...config, labels: ["orca"] }, delivery(FIRST));
  const ours = fake.world.repository(REPO).branches.get(BRANCH)!;
  expect((await action.preview(config, delivery(FIRST))).effects).toEqual([
    `makes no commit: ${ours} is this delivery`,
    `updates https://github.com/${REPO}/pull/2`,
  ]);
  fake.world.repository(REPO).mergePull(2);
  expect((await action.preview(config, delivery(FIRST))).effects).toEqual([
    `nothing: it was merged by https://github.com/${REPO}/pull/2`,
  ]);
});

test("what models wrote calls nobody, closes nothing and loads nothing", async () => {
  const { action, seen } = await scene();
  const hostile = {
    title: "Fixes #1 for @ada",
    summary:
      "Closes #1, resolves: acme/other#2. Thanks @ada &#64;bob <!-- orca:end x --> ![p](https://evil.example/p.png) <img src=https://evil.example/q.png>",
    delivery_notes: "```js\nunclosed @ada",
  };
  await action.deliver(config, delivery(FIRST, hostile));
  const { pulls, branches } = seen();
  for (const text of [pulls[0]!.title, pulls[0]!.body, branches[pulls[0]!.head]!.commits[0]!.message]) {
    expect(text).not.toMatch(/@[a-z]|(#|GH-)\d|!\[|<img|&#/i);
  }
  expect(pulls[0]!.body.match(/<!--/g)).toHaveLength(2);
  expect(pulls[0]!.body).toMatch(/unclosed @\u200Bada\n```\n\n\*\*Verdict/);
});

test("a report that is longer than GitHub takes is cut between lines, with its beginning and end", async () => {
  const { action, seen } = await scene();
  const context = delivery(FIRST, { summary: "A long line of words.\n".repeat(9_000) });
  const criteria = Array.from({ length: 2_000 }, (_, index) => ({
    ...context.report.criteria[0]!,
    id: `C${index}`,
  }));
  await action.deliver(config, { ...context, report: { ...context.report, criteria } });
  const { body } = seen().pulls[0]!;
  expect(body.length).toBeLessThanOrEqual(65_536);
  expect(body).toContain("**Verdict:** verified");
  expect(body).toContain("| C0 | must |");
  expect(body).toMatch(/Delivered by ts-orca[^\n]+\n\n<!-- orca:end \S+ -->$/);
  expect(
    body
      .split("\n")
      .filter((line) => line.startsWith("| C"))
      .every((line) => line.endsWith("|")),
  ).toBe(true);
});

describe("is refused in words that say what to do", () => {
  const cases: [string, (opened: Scene) => Partial<GitHubPrConfig> | void, RegExp][] = [
    [
      "a repository that is not there",
      () => ({ repo: "acme/nothing" }),
      /no place .* acme\/nothing.*GITHUB_TOKEN/,
    ],
    ["a base that is not there", () => ({ base: "nothing" }), /no branch nothing/],
    ["one branch for both", () => ({ branch: "main" }), /two branches, and both are main/],
    [
      "a token that is not valid",
      ({ fake }) => fake.world.tokens.clear(),
      /does not accept the token of secret:\/\/GITHUB_TOKEN/,
    ],
    [
      "a token without the scope",
      ({ fake }) => void fake.world.tokens.set(TOKEN, { ...ORCA, scopes: ["read:user"] }),
      /scopes read:user, and one of public_repo, repo is needed/,
    ],
    [
      "a token of the newer kind for other repositories",
      ({ fake }) => void fake.world.tokens.set(TOKEN, { ...ORCA, fine_grained: [] }),
      /may not .* acme\/site: Resource not accessible by personal access token/,
    ],
    [
      "a token of somebody who may not push",
      ({ fake }) => void fake.world.tokens.set(TOKEN, { ...ORCA, login: "eve" }),
      /may not .* acme\/site: Must have push access/,
    ],
    ["an archived repository", ({ fake }) => void (fake.world.repository(REPO).archived = true), /archived/],
    [
      "a protected branch",
      ({ fake }) => void fake.world.repository(REPO).protected_branches.add(BRANCH),
      /branch is protected/,
    ],
    [
      "a repository without a commit",
      ({ fake }) => {
        fake.world.createRepository("acme/empty");
        return { repo: "acme/empty" };
      },
      /acme\/empty has no commit yet/,
    ],
    ["a reviewer who is none", () => ({ reviewers: ["stranger"] }), /pull\/1\), but stranger can't be asked/],
    [
      "a draft where there are none",
      ({ fake }) => {
        fake.world.repository(REPO).drafts = false;
        return { draft: true };
      },
      /takes no drafts/,
    ],
    [
      "a branch where there is a directory of branches",
      ({ fake }) => void fake.world.humanCommit(REPO, `${BRANCH}/deeper`, { a: "a" }),
      /Reference update failed/,
    ],
    [
      "a name that differs from another in case alone",
      ({ fake }) => void fake.world.humanCommit(REPO, "main", { "src/Greet.js": "theirs\n" }),
      /"src\/greet\.js" and "src\/Greet\.js" can't both be there/,
    ],
    [
      "a comment on an issue that is not there",
      () => ({ comment_on: 99 }),
      /no place to read the comments of #99/,
    ],
  ];
  test.each(cases)("%s", async (_, arrange, words) => {
    const opened = await scene();
    const over = arrange(opened) ?? {};
    const error = await refusal(opened.action.deliver({ ...config, ...over }, delivery(FIRST)));
    expect(error.message).toMatch(words);
    expect(error.temporary).toBe(false);
  });

  test("a file that GitHub would not take, before anything is sent", async () => {
    const { action, fake } = await scene();
    const error = await refusal(
      action.deliver(config, delivery({ "big.bin": "x".repeat(40 * 1024 ** 2 + 1) })),
    );
    expect(error.message).toMatch(/"big\.bin" has 41 MB/);
    expect(fake.calls).toEqual([]);
  });

  test.each([
    { repo: "https://github.com/acme/site" },
    { repo: "acme/.." },
    { repo: REPO, token: "ghp_0123456789abcdef0123" },
    { repo: REPO, branch: "-x" },
    { repo: REPO, branch: "a..b" },
    { repo: REPO, base: "refs/heads/main" },
    { repo: REPO, path: "../up" },
    { repo: REPO, title: "two\nlines" },
    { repo: REPO, reviewers: ["@ada"] },
    { repo: REPO, comment_on: 0 },
  ])("the configuration %o", async (wrong) => {
    const { action } = await scene();
    expect(action.config.safeParse(wrong).success).toBe(false);
  });
});

describe("what passes by itself is told to be tried again", () => {
  test.each([
    ["500", null],
    ["502", null],
    ["secondary", 60_000],
    ["429", 7_000],
    ["dropped", null],
    ["torn", null],
    ["refused", null],
  ] as const)("%s", async (fault, wait) => {
    const { action, fake } = await scene();
    fake.fail(() => fault);
    const error = await refusal(action.deliver(config, delivery(FIRST)));
    expect(error.temporary).toBe(true);
    expect(error.retry_after_ms).toBe(wait);
  });

  test("an exhausted limit, until it is given anew", async () => {
    const { action, fake } = await scene({ now: () => new Date() });
    fake.fail(() => "exhausted");
    const error = await refusal(action.deliver(config, delivery(FIRST)));
    expect(error.retry_after_ms).toBeGreaterThan(1_700_000);
  });

  test("an answer that takes too long", async () => {
    const { action, fake } = await scene({ timeoutMs: 30 });
    fake.fail(() => "slow");
    const error = await refusal(action.deliver(config, delivery(FIRST)));
    expect(error.temporary).toBe(true);
  });

  test("another server in the place of GitHub", async () => {
    const { action } = await scene({ fetch: () => Promise.resolve(new Response("<html>Sign in</html>")) });
    const error = await refusal(action.deliver(config, delivery(FIRST)));
    expect(error.message).toMatch(/not what GitHub answers.*delivery\.github\.api_url/);
  });
});

test("an abort ends it with its own reason", async () => {
  const reason = new Error("stopped");
  const controller = new AbortController();
  const { action, fake } = await scene();
  fake.before(() => controller.abort(reason));
  await expect(action.deliver(config, delivery(FIRST, { signal: controller.signal }))).rejects.toBe(reason);
});

test("two nodes that deliver the same at the same time make one of everything", async () => {
  const { action, seen } = await scene();
  await Promise.all([action.deliver(config, delivery(FIRST)), action.deliver(config, delivery(FIRST))]);
  const { branches, pulls } = seen();
  expect(branches[BRANCH]!.commits).toHaveLength(2);
  expect(pulls).toHaveLength(1);
});
