import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { plausibleAnswers } from "./testing/plausible-answers.testsuite.ts";
import { calling, saying } from "./testing/scripted-model.testsuite.ts";
import { openTestEngine, PERSON, type TestEngine } from "./testing/test-engine.testsuite.ts";

let engine: TestEngine;
let directory = "";
beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), "orca-import-")));
  const source = join(directory, "source");
  await mkdir(source);
  await writeFile(join(source, "AGENTS.md"), "Write British English.\n");
  await writeFile(join(source, "app.js"), "export const colour = 'red';\n");
  const git = (...args: string[]) => execFileSync("git", args, { cwd: source });
  git("init", "-q", "-b", "main");
  git("add", "-A");
  git("-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-qm", "first");
  engine = await openTestEngine({ repositories: [directory] });
  engine.model.answers = plausibleAnswers({ graph: { a: [] } });
});
afterEach(async () => {
  await engine.close();
  await rm(directory, { recursive: true, force: true });
});

test("a workflow begins with the tree of a repository, and its changes are told apart from it", async () => {
  engine.model.next(
    "task:a",
    calling(["edit_file", { path: "app.js", old_text: "red", new_text: "blue" }]),
    saying({
      artifacts: [{ path: "a.txt", kind: "document", description: "A.", content: "hello from a\n" }],
      deleted: [],
      summary: "Painted it.",
    }),
  );
  const id = await engine.run({ workspace: { repo: join(directory, "source"), ref: null, path: null } });
  const state = await engine.state(id);
  expect(state.head).toMatchObject({ status: "completed", verdict: "verified" });
  expect(state.imported).toMatchObject({ files: 2, skipped: [] });
  const told = (step: string) =>
    JSON.stringify(engine.model.of(id).find(({ step_id }) => step_id === step)?.request.messages);
  for (const step of ["architect:0", "task:a"]) expect(told(step)).toContain("Write British English.");
  const diff = await engine.engine.diff(PERSON, id, { from: "base", to: "cycle-0" });
  expect(diff).toContain("-export const colour = 'red';\n+export const colour = 'blue';");
  expect(diff).toContain("+hello from a");
  const files = await engine.engine.tree(PERSON, id, "latest");
  expect(files.map(({ path }) => path).toSorted()).toEqual(["AGENTS.md", "a.txt", "app.js"]);
  const { folded, stored } = await engine.journal(id);
  expect(stored).toEqual(folded);
});

test("what is not allowed is refused before anything is asked", async () => {
  const workspace = { repo: "/etc", ref: null, path: null };
  await expect(engine.create({ workspace })).rejects.toMatchObject({ code: "invalid_workspace" });
  expect(engine.model.calls).toEqual([]);
});

test("a repository that can't be read waits for a person", async () => {
  const workspace = { repo: join(directory, "source"), ref: "no-such-branch", path: null };
  const id = await engine.create({ workspace });
  for (let attempt = 1; attempt < 3; attempt += 1) {
    await engine.event(id, (event) => event.type === "step.failed" && event.payload.attempt === attempt);
    engine.clock.advance(60_000);
  }
  expect(await engine.parked(id)).toMatchObject({ reason: "workspace_failed" });
});
