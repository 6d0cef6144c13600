import { afterEach, describe, expect, test } from "vitest";

import type { Check } from "../core/check.ts";
import type { RoleOutputs } from "../core/role-output.ts";
import type { ReceiptState } from "../core/workflow/state.ts";
import { byOrdinal } from "../core/workflow/state.ts";
import { contract, design, judgement, plausibleAnswers } from "./testing/plausible-answers.testsuite.ts";
import { saying } from "./testing/scripted-model.testsuite.ts";
import {
  openTestEngine,
  PERSON,
  type TestEngine,
  type TestEngineOptions,
} from "./testing/test-engine.testsuite.ts";

const RESUME = { max_qa_retries: null, budget: null, outcome: null, pinned: null };
const FILE = { contains: [], headings: [], min_words: null, max_words: null, columns: [], min_rows: null };
const FILE_CHECK = { kind: "file", ...FILE, sql: null, json_schema: null } as const;

let engine: TestEngine;
afterEach(() => engine.close());

async function open(options: TestEngineOptions = {}): Promise<void> {
  engine = await openTestEngine({ sandbox: "unsafe", ...options });
  engine.model.answers = plausibleAnswers({ graph: { a: [] } });
}

function contractWith(check: Check, level: "must" | "should" = "must"): RoleOutputs["project_manager"] {
  const said = contract();
  const criteria = [{ id: "AC1", text: "It holds.", level, check }];
  return { ...said, constitution: { ...said.constitution, acceptance_criteria: criteria } };
}

function writing(files: Readonly<Record<string, string>>): RoleOutputs["implementer"] | object {
  const artifacts = Object.entries(files).map(([path, content]) => ({
    path,
    kind: "code",
    description: path,
    content,
  }));
  return { artifacts, deleted: [], summary: "Wrote it." };
}

async function receipts(id: string): Promise<ReceiptState[]> {
  return byOrdinal((await engine.state(id)).receipts.values());
}

function command(text: string, output_contains: string | null = null): Check {
  return { kind: "command", command: text, exit_code: 0, output_contains };
}

describe("a check decides its criterion", () => {
  test.each<[string, Check, string | null]>([
    ["a command that passes", command("grep -q hello a.txt"), null],
    ["a command that fails", command("grep -q goodbye a.txt"), "exit code 1 where 0 is expected."],
    ["a command with its output", command("cat a.txt", "hello from a"), null],
    [
      "a command without its output",
      command("cat a.txt", "goodbye"),
      'the output does not contain "goodbye".',
    ],
    ["a file", { ...FILE_CHECK, path: "a.txt", contains: ["hello"] }, null],
    ["a missing file", { ...FILE_CHECK, path: "b.txt" }, "b.txt"],
    [
      "a server",
      {
        kind: "http",
        start: "python3 -m http.server -b 127.0.0.1 $PORT",
        method: "GET",
        path: "/a.txt",
        body: null,
        status: 200,
        body_contains: "hello from a",
      },
      null,
    ],
    [
      "a server that says something else",
      {
        kind: "http",
        start: "python3 -m http.server -b 127.0.0.1 $PORT",
        method: "GET",
        path: "/nothing",
        body: null,
        status: 200,
        body_contains: null,
      },
      "status 404 where 200 is expected.",
    ],
    [
      "a server that ends",
      {
        kind: "http",
        start: "exit 7",
        method: "GET",
        path: "/",
        body: null,
        status: 200,
        body_contains: null,
      },
      "the server ended with 7 before it answered.",
    ],
  ])("%s", async (_name, check, problem) => {
    await open();
    engine.model.next("project_manager", saying(contractWith(check)));
    const id = await engine.run({ max_qa_retries: 0 });
    const [receipt] = await receipts(id);
    const { head, criteria } = await engine.state(id);
    expect(receipt).toMatchObject({ name: "AC1", criterion: "AC1", status: problem ? "failed" : "passed" });
    expect(receipt?.message ?? "").toContain(problem ?? "");
    expect(criteria.get("AC1")).toMatchObject({ decided_by: "check", verdict: problem ? "unmet" : "met" });
    expect(head).toMatchObject({
      status: problem ? "failed" : "completed",
      verdict: problem ? "rejected" : "verified",
    });
    const { folded, stored } = await engine.journal(id);
    expect(stored).toEqual(folded);
  });

  test("whatever QA says of it", async () => {
    await open();
    engine.model.next("project_manager", saying(contractWith(command("test -e nowhere"))));
    engine.model.next("qa:0", saying(judgement("met")));
    const id = await engine.run({ max_qa_retries: 0 });
    const { head, findings } = await engine.state(id);
    expect(head.status).toBe("failed");
    expect([...findings.values()]).toMatchObject([
      {
        criterion: "AC1",
        severity: "blocking",
        evidence_class: "reproduced",
        raised_by: "core",
        receipt: "r1",
      },
    ]);
  });
});

describe("the tests of the tree are run", () => {
  const good =
    'const test = require("node:test");\nconst assert = require("node:assert");\ntest("one", () => assert.equal(1 + 1, 2));\n';
  const bad = good.replace("1 + 1, 2", "1 + 1, 3");

  test("a failing one is a finding, and the repair that mends it completes the workflow", async () => {
    await open();
    engine.model.next("task:a", saying(writing({ "a.txt": "hello from a\n", "a.test.js": bad })));
    engine.model.next("architect:1", saying(design({ mend: [] })));
    engine.model.next("task:mend", saying(writing({ "a.test.js": good })));
    const id = await engine.run();
    const { head, findings } = await engine.state(id);
    expect((await receipts(id)).map(({ name, status, cycle }) => [name, status, cycle])).toEqual([
      ["node: test", "failed", 0],
      ["node: test", "passed", 1],
    ]);
    expect([...findings.values()]).toMatchObject([
      { raised_by: "engine", component: "node: test", status: "resolved", evidence_class: "reproduced" },
    ]);
    expect(head).toMatchObject({ status: "completed", cycle: 1, verdict: "verified" });
  });

  test("taking them away instead does not pass", async () => {
    await open();
    engine.model.next("task:a", saying(writing({ "a.txt": "hello from a\n", "a.test.js": bad })));
    engine.model.next("architect:1", saying(design({ mend: [] })));
    const without = { artifacts: [], deleted: ["a.test.js"], summary: "Mended." };
    engine.model.next("task:mend", saying(without));
    const id = await engine.run({ max_qa_retries: 1 });
    expect((await engine.state(id)).head.status).toBe("failed");
    expect((await receipts(id)).at(-1)).toMatchObject({
      name: "tests: integrity",
      message: "1 of 1 test cases are gone; a repair does not take tests away.",
    });
  });
});

describe("no way around the tests", () => {
  const two = (second: string) =>
    `const test = require("node:test");\nconst assert = require("node:assert");\ntest("one", () => assert.equal(1, 1));\n${second}`;
  const wrong = 'test("two", () => assert.equal(1, 2));\n';

  test("what was taken away is missed in every later cycle", async () => {
    await open();
    engine.model.next("task:a", saying(writing({ "a.txt": "hello from a\n", "a.test.js": two(wrong) })));
    engine.model.next("architect:1", saying(design({ m1: [] })));
    engine.model.next("task:m1", saying(writing({ "a.test.js": two("") })));
    engine.model.next("architect:2", saying(design({ m2: [] })));
    engine.model.next("task:m2", saying(writing({ "b.txt": "more\n" })));
    const id = await engine.run({ max_qa_retries: 2 });
    expect((await engine.state(id)).head).toMatchObject({ status: "failed", verdict: "rejected", cycle: 2 });
  });

  test("a program that ends the tests before they ran is seen", async () => {
    await open();
    const early = two("").replace("const assert", 'require("./program.js");\nconst assert');
    engine.model.next(
      "task:a",
      saying(
        writing({
          "a.txt": "hello from a\n",
          "program.js": "process.exitCode = 0;\nprocess.exit();\n",
          "a.test.js": early,
        }),
      ),
    );
    const id = await engine.run({ max_qa_retries: 0 });
    expect((await receipts(id))[0]).toMatchObject({
      name: "node: test",
      status: "failed",
      message: "a.test.js ended before its tests ran.",
    });
  });

  test("a toolchain that a model writes hides nothing", async () => {
    await open();
    engine.model.next("task:a", saying(writing({ "a.txt": "hello from a\n", "a.test.js": two(wrong) })));
    engine.model.next("architect:1", saying(design({ m1: [] })));
    engine.model.next("task:m1", saying(writing({ "orca.toolchain.yaml": 'name: app\ntest: "true"\n' })));
    const id = await engine.run({ max_qa_retries: 1 });
    expect((await engine.state(id)).head.status).toBe("failed");
    const names = (await receipts(id)).flatMap(({ cycle, name }) => (cycle === 1 ? name : []));
    expect(names).toContain("node: test");
  });

  test("a file that only the tests write is not there", async () => {
    await open();
    const sly = two('require("node:fs").writeFileSync("REPORT.md", "42");\n');
    engine.model.next(
      "project_manager",
      saying(contractWith({ ...FILE_CHECK, path: "REPORT.md", contains: ["42"] })),
    );
    engine.model.next("task:a", saying(writing({ "a.txt": "hello from a\n", "a.test.js": sly })));
    const id = await engine.run({ max_qa_retries: 0 });
    expect((await receipts(id)).map(({ name, status }) => [name, status])).toEqual([
      ["node: test", "passed"],
      ["AC1", "failed"],
    ]);
  });

  test("and what tests or other checks wrote is not there for a command", async () => {
    await open();
    const sly = two('require("node:fs").writeFileSync("a.txt", "changed");\n');
    engine.model.next("project_manager", saying(contractWith(command("cat a.txt; ls", "hello from a"))));
    engine.model.next("task:a", saying(writing({ "a.txt": "hello from a\n", "a.test.js": sly })));
    const id = await engine.run({ max_qa_retries: 0 });
    expect((await receipts(id)).at(-1)).toMatchObject({ name: "AC1", status: "passed" });
  });
});

describe("what is missing around the work costs no cycle", () => {
  test("a must that needs a program that is not there waits for a person, and goes on when it is waived", async () => {
    await open();
    engine.model.next("project_manager", saying(contractWith(command("no-such-program --check"))));
    const id = await engine.create();
    expect(await engine.parked(id)).toMatchObject({
      reason: "toolchain_unavailable",
      message: expect.stringContaining("no-such-program was not found"),
    });
    expect(engine.model.requestsPerStep(id)["qa:0"]).toBeUndefined();
    const reason = "Not needed here.";
    const { head } = await engine.engine.waive(PERSON, id, { what: "criterion", id: "AC1", reason });
    await engine.engine.resume(PERSON, id, RESUME);
    const state = await engine.closed(id, head.version);
    expect(state.head).toMatchObject({ status: "completed", verdict: "waived", cycle: 0 });
  });
});

test("two tasks that touch one path after all end in a tree with both changes", async () => {
  await open();
  const graph = { a: [], b: [] };
  engine.model.answers = plausibleAnswers({ graph });
  const plan = design(graph);
  engine.model.next(
    "architect:0",
    saying({ ...plan, tasks: plan.tasks.map((task) => ({ ...task, writes: [] })) }),
  );
  const both = Promise.withResolvers<void>();
  let arrived = 0;
  const append = (line: string) => async (call: { request: { messages: readonly unknown[] } }) => {
    arrived += 1;
    if (arrived === 2) both.resolve();
    await both.promise;
    const shown =
      /(?:^|\n)((?:line of \w+\n)+)/.exec(
        JSON.parse(JSON.stringify(call.request.messages[0])).content,
      )?.[1] ?? "";
    return writing({ "a.txt": `${shown}${line}` });
  };
  engine.model.next("task:a", append("line of a\n"), append("line of a\n"));
  engine.model.next("task:b", append("line of b\n"), append("line of b\n"));
  const id = await engine.run();
  const state = await engine.state(id);
  const [artifact] = [...state.latest_artifacts.values()];
  const content = await engine.tenant.readBlob(artifact?.hash ?? "");
  expect(content?.split("\n").toSorted()).toEqual(["", "line of a", "line of b"]);
  const failures = (await engine.events(id)).filter((event) => event.type === "step.failed");
  expect(failures.map(({ payload }) => (payload as { code: string }).code)).toEqual(["conflicting_output"]);
  expect(state.head.status).toBe("completed");
});

test("two tasks that delete one file at the same time both come home", async () => {
  await open();
  engine.model.answers = plausibleAnswers({ graph: { a: [] } });
  const plan = design({ a: [], b: ["a"], c: ["a"] });
  const tasks = plan.tasks.map((task) => ({ ...task, writes: [] }));
  engine.model.next("architect:0", saying({ ...plan, tasks }));
  engine.model.next("task:a", saying(writing({ "a.txt": "hello from a\n", "old.txt": "old\n" })));
  const both = Promise.withResolvers<void>();
  let arrived = 0;
  const deleting = async (): Promise<object> => {
    arrived += 1;
    if (arrived === 2) both.resolve();
    await both.promise;
    return { artifacts: [], deleted: ["old.txt"], summary: "Deleted it." };
  };
  engine.model.next("task:b", deleting, saying(writing({ "b.txt": "b\n" })));
  engine.model.next("task:c", deleting, saying(writing({ "c.txt": "c\n" })));
  const id = await engine.run();
  const state = await engine.state(id);
  expect(state.head.status).toBe("completed");
  expect(state.latest_artifacts.get("old.txt")?.deleted).toBe(true);
  const failures = (await engine.events(id)).filter((event) => event.type === "step.failed");
  expect(failures.map(({ payload }) => (payload as { code: string }).code)).toEqual(["conflicting_output"]);
});
