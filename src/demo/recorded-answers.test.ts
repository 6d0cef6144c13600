import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, describe, expect, test } from "vitest";

import { refusalOfPath } from "../core/artifact-path.ts";
import type { WrittenArtifact } from "../core/documents.ts";
import { reviewOutput } from "../core/role-contract.ts";
import type { RoleName } from "../core/role-name.ts";
import { ROLE_OUTPUTS, type RoleOutputs } from "../core/role-output.ts";
import { next } from "../core/workflow/next.ts";
import { graphProblems } from "../core/workflow/task-graph.ts";
import { WorkflowDriver } from "../core/workflow/testing/workflow-driver.testsuite.ts";
import { misfits } from "../roles/json-schema.testsuite.ts";
import { roles } from "../roles/registry.ts";
import { samplePacket } from "../roles/sample-packet.testsuite.ts";
import { demoModel, demoRequest } from "./demo-request.ts";
import { recordedAnswers } from "./recorded-answers.ts";

const contract = answerOf("project_manager", "project_manager");
const criteria = contract.constitution.acceptance_criteria.map((criterion) => criterion.id);
const plan = answerOf("architect", "architect:0");
const repair = answerOf("architect", "architect:1");

test("there is one answer for every step of the pipeline, in its order", () => {
  expect(recordedAnswers.map((answer) => `${answer.role} ${answer.step_id}`)).toEqual([
    "director director",
    "project_manager project_manager",
    "architect architect:0",
    ...plan.tasks.map((task) => `implementer task:${task.key}`),
    "qa qa:0",
    "architect architect:1",
    ...repair.tasks.map((task) => `implementer task:${task.key}`),
    "qa qa:1",
    "finalizer finalizer",
    "refiner refiner:1",
  ]);
});

describe.each(recordedAnswers)("$step_id", ({ role, step_id, answer }) => {
  test("fits the output of its role", () => {
    expect(ROLE_OUTPUTS[role].strict().safeParse(answer).error).toBeUndefined();
  });

  test("fits the schema that the model was sent", () => {
    expect(misfits(roles[role].schema(demoPacket(role, step_id)), answer)).toEqual([]);
  });
});

test("the core takes the recording through one repair to completion, without a fault to ask again for", () => {
  const driver = new WorkflowDriver();
  const unused = new Map(recordedAnswers.map((recorded) => [recorded.step_id, recorded]));
  for (let [step] = next(driver.state); step; [step] = next(driver.state)) {
    driver.start(step.id);
    const recorded = unused.get(step.id);
    if (!recorded) {
      driver.complete(step.id, {
        kind: "delivery",
        receipt: { action: "directory", links: [], metadata: [] },
      });
      continue;
    }
    const output = stored(recorded.answer);
    const review = reviewOutput(driver.state, recorded.role, output);
    expect({ ...review, value: null }).toEqual({ value: null, faults: [], omissions: [], foreign: [] });
    driver.complete(step.id, { kind: "role", role: recorded.role, output });
    unused.delete(step.id);
  }
  const { head, findings } = driver.state;
  expect([...unused.keys()]).toEqual([]);
  expect(head).toMatchObject({ status: "completed", cycle: 1, closed: true });
  expect([...findings.values()]).toMatchObject([
    { id: "f1", status: "resolved", criterion: "AC3", raised_by: "qa" },
  ]);
});

describe("the plans", () => {
  test("are sound graphs whose first two tasks run at the same time", () => {
    const known = new Set(plan.tasks.map((task) => task.key));
    expect(graphProblems("task", plan.tasks, new Set())).toEqual([]);
    expect(graphProblems("task", repair.tasks, known)).toEqual([]);
    expect(plan.tasks.map((task) => task.depends_on.length)).toEqual([0, 0, 2]);
  });

  test("serve every criterion, each task with exactly the files it names", () => {
    expect(new Set(plan.tasks.flatMap((task) => task.criteria))).toEqual(new Set(criteria));
    for (const task of [...plan.tasks, ...repair.tasks]) {
      for (const { path } of filesOf(task.key)) {
        expect(refusalOfPath(path)).toBeNull();
        expect(task.description).toContain(path);
      }
    }
  });
});

describe("QA", () => {
  test("judges every criterion and finds one blocking defect, which the repair settles", () => {
    const first = answerOf("qa", "qa:0");
    const second = answerOf("qa", "qa:1");
    expect(unmet(first)).toEqual(["AC3"]);
    expect(first.findings).toMatchObject([{ id: null, severity: "blocking", criterion: "AC3" }]);
    expect(unmet(second)).toEqual([]);
    expect(second.findings).toMatchObject([{ id: "f1", severity: "info", criterion: "AC3" }]);
    for (const verdict of [first, second]) {
      expect(verdict.criteria.map((criterion) => criterion.id).toSorted()).toEqual(criteria);
    }
  });

  test.each([
    ["qa:0", 4],
    ["qa:1", 5],
  ])("quotes lines in %s that stand in the files it had before it", (stepId, atLeast) => {
    const files = treeBefore(stepId);
    const { criteria: verdicts, findings } = answerOf("qa", stepId);
    const quotes = [...verdicts, ...findings].flatMap(({ evidence }) =>
      Array.from(evidence.matchAll(/(\S+\.js): `([^`]+)`/g), ([, path, line]) => ({
        path: path!,
        line: line!,
      })),
    );
    expect(quotes.length).toBeGreaterThanOrEqual(atLeast);
    for (const { path, line } of quotes) expect(files.get(path)?.split("\n").map(trimmed)).toContain(line);
  });
});

describe("the recorded program", () => {
  const directories: string[] = [];
  afterEach(() => {
    for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
  });

  test("passes its own tests when they are really run", () => {
    const { status, stdout } = runTests(treeBefore("finalizer"));
    expect(stdout).toMatch(/pass 9\n.*fail 0/);
    expect(status).toBe(0);
  });

  test("fails exactly the test of blank cells with the defect that QA found", () => {
    const defect = treeBefore("qa:0").get("src/summarize.js")!;
    const { status, stdout } = runTests(new Map([...treeBefore("finalizer"), ["src/summarize.js", defect]]));
    expect(status).toBe(1);
    expect(stdout).toMatch(/not ok \d+ - blank cells count as missing/);
    expect(stdout).toMatch(/pass 8\n.*fail 1/);
  });

  test("hid that defect from the tests of the first pass", () => {
    expect(runTests(treeBefore("qa:0")).status).toBe(0);
  });

  test("prints what its README shows", () => {
    const directory = write(treeBefore("finalizer"));
    const shown = /\$ cat (\S+)\n([^$]+)\n\$ node (\S+) \S+\n([^`]+)```/.exec(
      treeBefore("finalizer").get("README.md")!,
    )!;
    const [, file, csv, command, table] = shown;
    writeFileSync(join(directory, file!), csv!);
    const { stdout } = spawnSync(process.execPath, [join(directory, command!), join(directory, file!)], {
      encoding: "utf8",
    });
    expect(stdout).toBe(table);
  });

  function runTests(files: ReadonlyMap<string, string>): { status: number | null; stdout: string } {
    return spawnSync(process.execPath, ["--test", "--test-reporter=tap"], {
      cwd: write(files),
      encoding: "utf8",
    });
  }

  function write(files: ReadonlyMap<string, string>): string {
    const directory = mkdtempSync(join(tmpdir(), "orca-demo-"));
    directories.push(directory);
    for (const [path, content] of files) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), content);
    }
    return directory;
  }
});

/** The answer as it reaches the core: artifacts by reference. */
function stored(answer: object): Record<string, unknown> {
  if (!("artifacts" in answer)) return { ...answer };
  const artifacts = (answer.artifacts as WrittenArtifact[]).map(({ content, ...rest }) => ({
    ...rest,
    hash: createHash("sha256").update(content).digest("hex"),
    size: Buffer.byteLength(content),
  }));
  return { ...answer, artifacts };
}

function demoPacket(role: RoleName, stepId: string): ReturnType<typeof samplePacket> {
  const packet = samplePacket({ role, cycle: stepId.endsWith(":1") ? 1 : 0, write: () => demoRequest });
  const choices = {
    models: [demoModel],
    default_model: demoModel,
    delivery_actions: ["api-response", "directory"],
    criteria,
    task_keys: plan.tasks.map((task) => task.key),
    open_findings: stepId === "qa:1" ? ["f1"] : [],
  };
  return { ...packet, choices };
}

function answerOf<R extends RoleName>(role: R, stepId: string): RoleOutputs[R] {
  return recordedAnswers.find((answer) => answer.role === role && answer.step_id === stepId)!
    .answer as RoleOutputs[R];
}

function filesOf(key: string): RoleOutputs["implementer"]["artifacts"] {
  return answerOf("implementer", `task:${key}`).artifacts;
}

/** The newest content of every path when the step began. */
function treeBefore(stepId: string): ReadonlyMap<string, string> {
  const end = recordedAnswers.findIndex((answer) => answer.step_id === stepId);
  const tasks = recordedAnswers.slice(0, end).filter((answer) => answer.role === "implementer");
  return new Map(
    tasks.flatMap(({ answer }) =>
      (answer as { artifacts: WrittenArtifact[] }).artifacts.map(
        ({ path, content }) => [path, content] as const,
      ),
    ),
  );
}

function unmet(output: RoleOutputs["qa"]): string[] {
  return output.criteria.filter((criterion) => criterion.verdict !== "met").map((criterion) => criterion.id);
}

function trimmed(line: string): string {
  return line.trim();
}
