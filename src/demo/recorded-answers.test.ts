import { createHash } from "node:crypto";

import { describe, expect, test } from "vitest";

import { refusalOfPath } from "../core/artifact-path.ts";
import { type Citation, citationKey, resolves } from "../core/citation.ts";
import type { WrittenArtifact } from "../core/documents.ts";
import { reviewOutput } from "../core/role-contract.ts";
import type { RoleName } from "../core/role-name.ts";
import { ROLE_OUTPUTS, type RoleOutputs } from "../core/role-output.ts";
import { next } from "../core/workflow/next.ts";
import { graphProblems } from "../core/workflow/task-graph.ts";
import { creation, WorkflowDriver } from "../core/workflow/testing/workflow-driver.testsuite.ts";
import { overlap } from "../core/workflow/write-set.ts";
import { misfits } from "../roles/json-schema.testsuite.ts";
import { roles } from "../roles/registry.ts";
import { samplePacket } from "../roles/sample-packet.testsuite.ts";
import { createContentChecker } from "../validation/content-checker.ts";
import { demoModel, demoRequest } from "./demo-request.ts";
import { type RecordedAnswer, recordedAnswers } from "./recorded-answers.ts";
import { answerOf, receiptsOf, recordedCriteria, treeBefore } from "./recorded-tree.testsuite.ts";

/** What a plain workflow has that says nothing of its own. */
const laterSettings = {
  gates: [],
  workspace: null,
  tools: null,
  stall_patience: 2,
  approval_expires_s: null,
};

const criteria = recordedCriteria.map((criterion) => criterion.id);
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

test("the core takes the recording through one repair to a verified end, without a fault to ask again for", async () => {
  const ignore = (): void => undefined;
  const checker = createContentChecker({
    logger: { debug: ignore, info: ignore, warn: ignore, error: ignore } as never,
  });
  const driver = new WorkflowDriver(creation({ settings: { ...creation().settings, ...laterSettings } }));
  const complaints: string[] = [];
  const unused = new Map(recordedAnswers.map((recorded) => [recorded.step_id, recorded]));
  for (let [step] = next(driver.state); step; [step] = next(driver.state)) {
    driver.start(step.id, `tree-${step.cycle}`);
    const recorded = unused.get(step.id);
    if (recorded) {
      const output = stored(recorded.answer);
      const { faults, omissions, foreign } = reviewOutput(driver.state, recorded.role, output);
      complaints.push(...faults, ...omissions, ...foreign);
      const resolved = citationsOf(recorded).map(citationKey);
      driver.complete(step.id, { kind: "role", role: recorded.role, output, resolved });
      unused.delete(step.id);
    } else if (step.kind === "validation") {
      const receipts = await receiptsOf(treeBefore(`qa:${step.cycle}`), checker);
      driver.complete(step.id, { kind: "validation", receipts });
    } else {
      driver.complete(step.id, {
        kind: "delivery",
        receipt: { action: "directory", links: [], metadata: [] },
      });
    }
  }
  await checker.close();
  const { head, findings } = driver.state;
  expect(complaints).toEqual([]);
  expect([...unused.keys()]).toEqual([]);
  expect(head).toMatchObject({ status: "completed", cycle: 1, closed: true, verdict: "verified" });
  expect([...findings.values()]).toMatchObject([
    { id: "f1", status: "resolved", criterion: "AC3", raised_by: "qa", evidence_class: "cited" },
    { id: "f2", status: "resolved", component: "node: test", raised_by: "engine" },
    { id: "f3", status: "resolved", criterion: "AC5", raised_by: "core", evidence_class: "reproduced" },
  ]);
  const told = driver.events.map(({ type }) => type);
  expect(told).not.toContain("claim.unsupported");
  expect(told).not.toContain("contract.violated");
}, 60_000);

describe("the plans", () => {
  test("are sound graphs whose first two tasks run at the same time", () => {
    const known = new Set(plan.tasks.map((task) => task.key));
    expect(graphProblems("task", plan.tasks, new Set())).toEqual([]);
    expect(graphProblems("task", repair.tasks, known)).toEqual([]);
    expect(plan.tasks.map((task) => task.depends_on.length)).toEqual([0, 0, 2]);
  });

  test("let no two tasks of a cycle write the same path", () => {
    for (const { tasks } of [plan, repair]) {
      for (const [index, task] of tasks.entries()) {
        expect(task.writes.length).toBeGreaterThan(0);
        for (const later of tasks.slice(index + 1)) expect(overlap(task.writes, later.writes)).toBe(false);
      }
    }
  });

  test("serve every criterion, each task with exactly the files it names", () => {
    expect(new Set(plan.tasks.flatMap((task) => task.criteria))).toEqual(new Set(criteria));
    for (const task of [...plan.tasks, ...repair.tasks]) {
      expect(filesOf(task.key).map(({ path }) => path)).toEqual(task.writes);
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
    expect(unmet(first)).toEqual(["AC3", "AC5"]);
    expect(first.findings).toMatchObject([{ id: null, severity: "blocking", criterion: "AC3" }]);
    expect(unmet(second)).toEqual([]);
    expect(second.findings).toMatchObject([{ id: "f1", severity: "info", criterion: "AC3" }]);
    for (const verdict of [first, second]) {
      expect(verdict.criteria.map((criterion) => criterion.id).toSorted()).toEqual(criteria);
    }
  });

  test.each(["qa:0", "qa:1"])(
    "cites in %s what stands in the files it had before it, line and words",
    (stepId) => {
      const files = treeBefore(stepId);
      const { criteria: verdicts, findings } = answerOf("qa", stepId);
      for (const { citations } of [...verdicts, ...findings]) {
        expect(citations.length).toBeGreaterThan(0);
        for (const { path, line, quote } of citations) {
          const content = files.get(path) ?? null;
          expect({ path, line, found: resolves({ path, line, quote }, content) }).toEqual({
            path,
            line,
            found: true,
          });
          expect(content?.split("\n")[line! - 1]).toContain(quote);
        }
      }
    },
  );

  test("cites in the first pass a line that the repair has taken away", () => {
    const [finding] = answerOf("qa", "qa:0").findings;
    const [citation] = finding!.citations;
    expect(resolves(citation!, treeBefore("qa:1").get(citation!.path)!)).toBe(false);
  });
});

/** The answer as it reaches the core: artifacts by reference. */
function stored(answer: object): Record<string, unknown> {
  if (!("artifacts" in answer)) return { ...answer };
  const artifacts = (answer.artifacts as WrittenArtifact[]).map(({ content, ...rest }) => ({
    ...rest,
    hash: createHash("sha256").update(content!).digest("hex"),
    size: Buffer.byteLength(content!),
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

function filesOf(key: string): RoleOutputs["implementer"]["artifacts"] {
  return answerOf("implementer", `task:${key}`).artifacts;
}

function unmet(output: RoleOutputs["qa"]): string[] {
  return output.criteria.filter((criterion) => criterion.verdict !== "met").map((criterion) => criterion.id);
}

function citationsOf({ answer }: RecordedAnswer): Citation[] {
  const { criteria: verdicts = [], findings = [] } = answer as Partial<RoleOutputs["qa"]>;
  return [...verdicts, ...findings].flatMap(({ citations }) => citations);
}
