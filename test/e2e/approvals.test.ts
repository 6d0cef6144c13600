import { execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { CliUser } from "./cli-command.ts";
import { FakeModel, type ModelCall } from "./fake-model.ts";
import { scriptedAnswers } from "./scripted-answers.ts";

const run = promisify(execFile);

/** A check that needs neither a sandbox nor a compiler. */
function fileCheck(contains: string): object {
  const none = { min_words: null, max_words: null, min_rows: null, sql: null, json_schema: null };
  return { kind: "file", path: "a.txt", contains: [contains], headings: [], columns: [], ...none };
}

/** The scripted work, decided by what stands in a.txt; `never` asks for what nobody writes. */
function answers(call: ModelCall): unknown {
  const usual = scriptedAnswers()(call) as Record<string, unknown>;
  if (call.role === "implementer") return { deleted: [], ...usual };
  if (call.role !== "project_manager") return usual;
  const constitution = usual["constitution"] as object;
  const wanted = wantsMore.has(call.workflow) ? "never" : "hello";
  const criterion = { id: "AC1", text: "a.txt greets.", level: "must", check: fileCheck(wanted) };
  return { ...usual, constitution: { ...constitution, acceptance_criteria: [criterion] } };
}

let demanding = false;
const wantsMore = new Set<string>();
const model = new FakeModel((call) => {
  if (demanding) wantsMore.add(call.workflow);
  return answers(call);
});
let url: string;
beforeAll(async () => {
  url = await model.start();
});
afterAll(() => model.stop());

let user: CliUser;
beforeEach(async () => {
  demanding = false;
  user = await CliUser.create({
    ORCA_PROVIDERS__FAKE__KIND: "openai-compatible",
    ORCA_PROVIDERS__FAKE__BASE_URL: url,
    ORCA_DEFAULT_MODEL: "fake/m1",
  });
});
afterEach(() => user.leave());

/** The command that a line of advice ends with, without how this checkout is called. */
function advised(stdout: string, label: RegExp): string[] {
  const line = new RegExp(`${label.source}.*?npm run -s orca -- (.*)`, "m").exec(stdout)?.[1] ?? "";
  if (line === "") throw new Error(`nothing is advised as ${label.source} in\n${stdout}`);
  return line.split(" ");
}

describe("without a server", () => {
  test("a gate ends the run with the commands that answer it, and an edit is carried out to the end", async () => {
    const stopped = await user.orca("run", "Write three files.", "--gate", "plan");
    expect(stopped).toMatchObject({ code: 3 });
    const id = /(wf_\w+):ap1/.exec(stopped.stdout)?.[1] ?? "";
    expect(advised(stopped.stdout, /^approve it:/)).toEqual(["approve", `${id}:ap1`]);
    expect(stopped.stderr).toMatch(/wait +approval ap1 of the plan/);

    const listed = await user.orca("approvals");
    expect(listed.stdout).toMatch(new RegExp(`^${id}:ap1 +plan +\\S+ +Three files$`, "m"));
    const shown = await user.orca(...advised(stopped.stdout, /^look at it:/));
    expect(shown.stdout).toMatch(/AC1 \(must\) a\.txt greets\.\n +file: a\.txt, contains \["hello"\]/);
    expect((await user.orca("approvals", id)).stdout).toBe(shown.stdout);

    const blind = await user.orca("approve", id);
    expect(blind).toMatchObject({ code: 2, stderr: expect.stringContaining(`${id}:ap1`) as string });
    const without = await user.orca("edit", `${id}:ap1`);
    expect(without).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--print > plan.json") as string,
    });

    const printed = await user.orca("edit", `${id}:ap1`, "--print");
    const plan = JSON.parse(printed.stdout) as { tasks: { key: string; depends_on: string[] }[] };
    const file = join(user.home, "plan.json");
    await writeFile(file, JSON.stringify({ tasks: [{ ...plan.tasks[0], depends_on: ["zzz"] }] }));
    const refused = await user.orca("edit", `${id}:ap1`, "--file", file);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("zzz") as string });
    await writeFile(file, JSON.stringify({ tasks: plan.tasks.filter(({ key }) => key === "a") }));
    const edited = await user.orca("edit", `${id}:ap1`, "--file", file);
    expect(edited).toMatchObject({ code: 0 });
    expect(edited.stdout).toMatch(/ok +AC1 \(r\d+\)/);
    expect(edited.stdout).toContain(`${id}  completed, verified`);
    expect((await user.orca("workflows", "files", id)).stdout).toMatch(/^a\.txt +\S+ B +r1\n$/);
    expect((await user.orca("approvals")).stderr).toContain("nothing waits");
  });

  test("a rejection ends the workflow", async () => {
    const stopped = await user.orca("run", "Write three files.", "--gate", "plan", "--json");
    const result = stopped.records().at(-1);
    expect(result).toMatchObject({ type: "result", exit_code: 3, status: "awaiting_approval" });
    const approval = result?.["approval"] as string;
    const rejected = await user.orca("reject", approval, "--note", "Not this.");
    expect(rejected).toMatchObject({ code: 0, stdout: expect.stringContaining("failed") as string });
    const late = await user.orca("approve", approval);
    expect(late).toMatchObject({ code: 2, stderr: expect.stringContaining("is not waited for") as string });
  });

  test("receipts, files and the verdict are shown of what was done", async () => {
    const ended = await user.orca("run", "Write three files.", "--json");
    expect(ended.records().at(-1)).toMatchObject({
      status: "completed",
      verdict: "verified",
      approval: null,
    });
    const id = ended.records().at(-1)?.["id"] as string;
    const shown = (await user.orca("workflows", "show", id)).stdout;
    expect(shown).toMatch(/^verdict +verified$/m);
    expect(shown).toMatch(/Receipts\n +ok +r1 +cycle 0/);
    const listed = (await user.orca("workflows", "receipts", id, "--criterion", "AC1", "--json")).records();
    expect(listed).toMatchObject([
      { data: [{ id: "r1", criterion: "AC1", status: "passed", sandbox: "none" }] },
    ]);
    expect((await user.orca("workflows", "receipts", id, "r1")).stdout).toMatch(/^ended +passed$/m);
    expect(await user.orca("workflows", "receipts", id, "r9")).toMatchObject({ code: 5 });
    expect((await user.orca("workflows", "files", id, "b.txt")).stdout).toBe("hello from b\n");
    expect(await user.orca("workflows", "files", id, "z.txt")).toMatchObject({ code: 5 });
    expect(await user.orca("workflows", "files", id, "--tree", "cycle-4")).toMatchObject({ code: 5 });
    const diff = await user.orca("workflows", "diff", id, "--from", "task:a", "--to", "task:c");
    expect(diff.stdout).toContain("+++ b/c.txt");
    expect((await user.orca("workflows", "diff", id)).stderr).toContain("the trees are alike");
  });

  test("what failed leaves its best tree, and a waiver lets it through", async () => {
    demanding = true;
    const failed = await user.orca("run", "Write three files.", "--max-qa-retries", "1");
    expect(failed).toMatchObject({ code: 1 });
    const id = /(wf_\w+) {2}failed, rejected/.exec(failed.stdout)?.[1] ?? "";
    expect(failed.stdout).toContain("unmet: AC1");
    const save = advised(failed.stdout, /^the best tree is that of cycle 1:/);
    const out = join(user.home, "best");
    expect(await user.orca(...save.slice(0, -1), out)).toMatchObject({ code: 0 });
    expect((await readdir(out)).toSorted()).toEqual(["a.txt", "b.txt", "c.txt"]);
    expect(await readFile(join(out, "a.txt"), "utf8")).toBe("hello from repair-1\n");

    expect(await user.orca("workflows", "waive", id, "AC1")).toMatchObject({ code: 2 });
    expect(await user.orca("workflows", "waive", id, "AC7", "--reason", "x")).toMatchObject({ code: 5 });
    const waived = await user.orca("workflows", "waive", id, "AC1", "--reason", "Comes later.");
    expect(waived).toMatchObject({ code: 0, stdout: expect.stringContaining("AC1 waived") as string });
    expect((await user.orca("workflows", "show", id)).stdout).toMatch(/waived +AC1 .*Comes later\./);
    const resumed = await user.orca("workflows", "resume", id);
    expect(resumed).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("completed, waived") as string,
    });
  });
});

test("with a server, both gates are answered one after the other", async () => {
  const server = await user.serve();
  const stopped = await user.orca("run", "Write three files.", "--gate", "plan", "--gate", "delivery");
  expect(stopped).toMatchObject({ code: 3 });
  const approve = advised(stopped.stdout, /^approve it:/);
  const stale = await user.orca(...approve, "--shown", "0".repeat(64));
  expect(stale).toMatchObject({ code: 2, stderr: expect.stringContaining("look at it again") as string });
  expect(await user.orca(...approve, "--note", "Go.")).toMatchObject({ code: 0 });
  const id = approve[1]?.split(":")[0] ?? "";
  const watched = await user.orca("workflows", "watch", id);
  expect(watched).toMatchObject({ code: 3 });
  expect(watched.stdout).not.toContain("edit it:");
  expect((await user.orca("approvals", id)).stdout).toMatch(
    /gate +delivery(.|\n)*verdict: verified(.|\n)*Files: 3/,
  );
  expect(await user.orca("approve", `${id}:ap2`)).toMatchObject({ code: 0 });
  expect(await user.orca("workflows", "watch", id)).toMatchObject({ code: 0 });
  server.command.child.kill("SIGTERM");
  await server.command.ended;
});

test("a run starts from a repository that is allowed, and from no other", async () => {
  const repo = join(user.home, "repo");
  await run("git", ["init", "-q", "-b", "main", repo]);
  await writeFile(join(repo, "AGENTS.md"), "Be brief.\n");
  const identity = ["-c", "user.name=a", "-c", "user.email=a@b.example"];
  await run("git", ["-C", repo, "add", "."]);
  await run("git", ["-C", repo, ...identity, "commit", "-q", "-m", "first"]);
  const refused = await user.orca("run", "Extend it.", "--workspace", "repo");
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("workspace.allowed") as string });
  expect(await user.orca("run", "Extend it.", "--ref", "main")).toMatchObject({ code: 2 });
  const command = user.start(["run", "Extend it.", "--workspace", "repo", "--ref", "main"], {
    ORCA_WORKSPACE__ALLOWED: repo,
  });
  command.child.stdin.end();
  const { code, stdout, stderr } = await command.ended;
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stderr).toMatch(/started from a repository +.*1 file/);
  const id = /(wf_\w+) {2}completed/.exec(stdout)?.[1] ?? "";
  expect((await user.orca("workflows", "files", id)).stdout).toContain("AGENTS.md");
  expect((await user.orca("workflows", "diff", id, "--from", "base")).stdout).not.toContain("AGENTS.md");
});
