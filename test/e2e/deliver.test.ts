import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import type { WorkflowView } from "../../src/contract/workflow-view.ts";
import { type GitRemote, startGitRemote } from "../../src/delivery/git-push/git-remote.testsuite.ts";
import { CliUser } from "./cli-command.ts";

let user: CliUser;
let remote: GitRemote;
/** The workflow of a demo, and the options that find it. */
let id = "";
let place: string[] = [];

beforeAll(async () => {
  user = await CliUser.create();
  remote = await startGitRemote();
  const { stdout } = await user.orca("demo");
  const [, demo = "", directory = ""] = /workflows show (\S+) --data-dir (\S+)/.exec(stdout) ?? [];
  id = demo;
  const config = join(user.home, "delivering.yaml");
  await writeFile(config, JSON.stringify({ delivery: { git: { allowed: [remote.home] } } }));
  place = ["--config", config, "--data-dir", directory];
});
afterAll(async () => {
  await user.leave();
  await remote.close();
});

async function workflow(): Promise<WorkflowView> {
  const [shown] = (await user.orca("workflows", "show", id, ...place, "--json")).records();
  return shown as WorkflowView;
}

const deliver = (...options: string[]) => user.orca("deliver", id, ...options, ...place);
const push = (path = remote.path): string[] => ["--action", "git-push", "--set", `remote=${path}`];

test("the ways are listed, and a dry run tells what one would do", async () => {
  const listed = await user.orca("deliver", ...place);
  expect(listed.stdout).toMatch(/^github-pr +leaves the installation +Opens a pull request/m);
  expect(listed.stdout).toMatch(/^directory +stays here/m);
  const { code, stdout } = await deliver(...push(), "--dry-run");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^git-push would hand over \d+ files to /);
  expect(stdout).toContain("nothing was done");
  expect(remote.branches()).toEqual([]);
});

test.each([
  [["--action", "github-pr", "--set", "repo=bad"], /repo: write it as owner\/name/],
  [["--action", "git-push", "--set", "remote=/etc"], /remote: .*allowed/],
  [
    ["--action", "webhook", "--set", "url=https://x.example", "--set", "secret=secret://NOPE"],
    /secret: .*orca secrets set NOPE/,
  ],
  [
    ["--action", "github-pr", "--set", "repo=a/b", "--set", `token=ghp_${"a1B2".repeat(9)}`],
    /token: .*orca secrets set/,
  ],
  [["--set", "remote=x"], /--set goes with the action/],
])("%j is refused with the setting and what to do", async (options, told) => {
  const { code, stderr } = await deliver(...options);
  expect(code).toBe(2);
  expect(stderr).toMatch(told);
  expect(stderr).not.toContain("ghp_");
});

test("what has failed is mended and delivered again, without any call of a model", async () => {
  const before = await workflow();
  await rm(remote.path, { recursive: true });
  const failed = await deliver(...push());
  expect(failed.code).toBe(1);
  expect(failed.stdout).toMatch(/mend it, then deliver again: .*deliver wf_/);
  expect(failed.stdout).not.toContain("--skip");
  remote.git("init", "-q", "--bare", "--template=", "--initial-branch=main");
  const { code, stdout } = await deliver();
  expect(code).toBe(0);
  const [branch = ""] = remote.branches();
  expect(stdout).toContain(branch);
  expect(branch).toMatch(/^orca\//);
  const after = await workflow();
  expect(after.status).toBe("completed");
  expect(after.deliveries.map(({ action, status }) => `${action} ${status}`)).toEqual([
    `${before.delivery?.action} delivered`,
    "git-push failed",
    "git-push delivered",
  ]);
  expect(after.spend.model_calls).toBe(before.spend.model_calls);
  for (const { path, content_url: _url } of after.artifacts) expect(remote.files(branch)[path]).toBeDefined();
});

test("a directory gets the files as they were judged", async () => {
  const { code, stdout } = await deliver("--action", "directory");
  expect(code).toBe(0);
  const [, directory = ""] = /path: (.+)/.exec(stdout) ?? [];
  expect(await readFile(join(directory.trim(), "README.md"), "utf8")).not.toBe("");
});
