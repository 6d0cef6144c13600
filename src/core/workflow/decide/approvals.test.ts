import { describe, expect, test } from "vitest";

import { next } from "../next.ts";
import { buildPacket } from "../packet.ts";
import type { ApprovalVerb } from "../state.ts";
import { documentOf, newestDelivery, plannedTasks } from "../state.ts";
import { contract, design, finding, judgement, tasks } from "../testing/role-outputs.testsuite.ts";
import {
  built,
  cancelled,
  completionOf,
  contracted,
  delivered,
  directed,
  done,
  givenCreatedAs,
  implemented,
  judged,
  type Move,
  passed,
  paused,
  refined,
  resumed,
  thenEvents,
  thenRefused,
  validated,
} from "../testing/specification.testsuite.ts";
import { creation, type Order, resumeOf } from "../testing/workflow-driver.testsuite.ts";

type Said = Partial<Omit<Extract<Order, { type: "approval.respond" }>, "type" | "verb">>;

function answer(verb: ApprovalVerb, said: Said = {}): Order {
  return { type: "approval.respond", id: "ap1", verb, note: null, criteria: null, tasks: null, ...said };
}

function answered(verb: ApprovalVerb, said: Said = {}): Move {
  return (driver) => void driver.must(answer(verb, said));
}

function gated(gates: readonly ("plan" | "delivery")[], ...moves: readonly Move[]) {
  return limited(null, gates, ...moves);
}

function limited(
  approval_expires_s: number | null,
  gates: readonly ("plan" | "delivery")[],
  ...moves: readonly Move[]
) {
  const settings = { ...creation().settings, gates: [...gates], approval_expires_s };
  return givenCreatedAs({ settings }, ...moves);
}

const graph = { a: [], b: ["a"] };
const architected = done("architect:0", "architect", design(tasks(graph)));
const atPlan: readonly Move[] = [directed, contracted, architected];
const atDelivery: readonly Move[] = [built, judged(0), done("finalizer", "finalizer", notes())];

function notes() {
  return { delivery_notes: "Run node greet.js.", summary: "A program that greets." };
}

function ids(specification: ReturnType<typeof gated>): string[] {
  return next(specification.driver.state).map(({ id }) => id);
}

describe("a gate", () => {
  test("after the plan asks a person before anything is written", () => {
    const specification = gated(["plan"], directed, contracted, (driver) => void driver.start("architect:0"));
    expect(specification.when(completionOf("architect:0", "architect", design()))).toMatchObject(
      thenEvents(
        { type: "document.written" },
        { type: "task.created" },
        { type: "role.completed" },
        { type: "step.completed" },
        { type: "approval.requested", payload: { id: "ap1", ordinal: 1, gate: "plan", cycle: 0 } },
        { type: "state.transition", payload: { to: "awaiting_approval", reason: "plan" } },
      ),
    );
    expect(specification.driver.state.head).toMatchObject({
      approval: "ap1",
      waiting: { kind: "gate", reason: "plan", message: expect.stringMatching(/approve it, edit it/) },
    });
    expect(ids(specification)).toEqual([]);
  });

  test("before delivery asks after the Finalizer", () => {
    const specification = gated(["delivery"], ...atDelivery);
    expect(specification.driver.state.head).toMatchObject({ status: "awaiting_approval", approval: "ap1" });
    expect(ids(specification)).toEqual([]);
    answered("approve")(specification.driver);
    expect(ids(specification)).toEqual(["delivery"]);
    delivered(specification.driver);
    expect(specification.driver.state.head.status).toBe("completed");
  });

  test("that nobody has asked for opens by itself", () => {
    expect(ids(gated(["delivery"], ...atPlan))).toEqual(["task:a"]);
    expect(ids(gated(["plan"], ...atPlan, answered("approve"), ...work()))).toEqual(["delivery"]);
  });

  test("is not passed again by the plan of a repair", () => {
    const passes = [...atPlan, answered("approve"), implemented("a"), implemented("b")];
    const specification = gated(["plan"], ...passes, passed(0, { output: judgement({ AC1: "unmet" }) }));
    done("architect:1", "architect", design(tasks({ mend: [] })))(specification.driver);
    expect(specification.driver.state.head.status).toBe("running");
  });

  function work(): Move[] {
    return [implemented("a"), implemented("b"), judged(0), done("finalizer", "finalizer", notes())];
  }
});

describe("an answer", () => {
  test("approve goes on, and its note reaches the roles", () => {
    const specification = gated(["plan"], ...atPlan, answered("approve", { note: "Keep it small." }));
    const { state } = specification.driver;
    expect(state.head).toMatchObject({ status: "running", approval: null, waiting: null });
    expect(state.approvals.get("ap1")?.answer).toMatchObject({ verb: "approve", actor: "engine" });
    expect(ids(specification)).toEqual(["task:a"]);
    const step = { ...(next(state)[0] as ReturnType<typeof next>[number]), role: "implementer" as const };
    const surroundings = { models: [], default_model: "", delivery_actions: [], contents: new Map() };
    expect(buildPacket(state, step, surroundings).notes).toEqual([
      { gate: "plan", verb: "approve", note: "Keep it small." },
    ]);
  });

  test("edit puts other tasks in the place of those that were shown; their keys may be used again", () => {
    const edited = tasks({ b: [], c: ["b"] });
    const specification = gated(["plan"], ...atPlan);
    expect(specification.when(answer("edit", { tasks: edited }))).toMatchObject(
      thenEvents(
        { type: "approval.responded", payload: { verb: "edit" } },
        { type: "plan.edited", payload: { criteria: null, withdrawn: ["a", "b"] } },
        { type: "task.created", task_id: "b", payload: { ordinal: 3, depends_on: [] } },
        { type: "task.created", task_id: "c", payload: { ordinal: 4 } },
        { type: "state.transition", payload: { to: "running", reason: "approved" } },
      ),
    );
    const { state } = specification.driver;
    expect(plannedTasks(state).map(({ id }) => id)).toEqual(["b", "c"]);
    expect(state.tasks.get("a")?.status).toBe("withdrawn");
    expect(state.head.unfinished_tasks).toBe(2);
    expect(ids(specification)).toEqual(["task:b"]);
    implemented("b")(specification.driver);
    implemented("c")(specification.driver);
    expect(ids(specification)).toEqual(["validation:0"]);
  });

  test("edit puts other criteria in the place of those that were shown", () => {
    const criteria = contract({ AC1: "should", AC7: "must" }).constitution.acceptance_criteria;
    const specification = gated(["plan"], ...atPlan, answered("edit", { criteria }));
    expect(documentOf(specification.driver.state, "constitution")?.acceptance_criteria).toEqual(criteria);
    expect(ids(specification)).toEqual(["task:a"]);
  });

  test.each([
    ["nothing", {}, /Give the criteria or the tasks/, []],
    [
      "a task that depends on nobody",
      { tasks: tasks({ a: ["z"] }) },
      /can't be carried out/,
      [/depends on z/],
    ],
    ["no task key", { tasks: tasks({ "Not A Key": [] }) }, /can't/, [/lower-case/]],
    ["a check that can't fail", { criteria: trivial() }, /can't/, [/can't fail/]],
    ["a criterion twice", { criteria: twice() }, /can't/, [/appears twice/]],
  ])("edit with %s is refused, and the question stays", (_what, said, message, problems) => {
    const specification = gated(["plan"], ...atPlan);
    const outcome = specification.when(answer("edit", said));
    expect(outcome).toMatchObject(thenRefused("invalid_edit", message));
    for (const problem of problems) expect(outcome.refusal?.problems.join()).toMatch(problem);
    expect(specification.driver.state.head.approval).toBe("ap1");
  });

  test("edit of criteria that a task serves is refused without them", () => {
    const served = design([
      { ...(tasks({ a: [] })[0] as ReturnType<typeof tasks>[number]), criteria: ["AC1"] },
    ]);
    const specification = gated(["plan"], directed, contracted, done("architect:0", "architect", served));
    const criteria = contract({ AC7: "must" }).constitution.acceptance_criteria;
    expect(specification.when(answer("edit", { criteria }))).toMatchObject(thenRefused("invalid_edit"));
  });

  test("edit to criteria of which none is a must is refused", () => {
    const criteria = contract({ AC1: "should" }).constitution.acceptance_criteria;
    expect(gated(["plan"], ...atPlan).when(answer("edit", { criteria }))).toMatchObject(
      thenRefused("invalid_edit"),
    );
  });

  test("edit of a result is refused", () => {
    expect(
      gated(["delivery"], ...atDelivery).when(answer("edit", { tasks: tasks({ x: [] }) })),
    ).toMatchObject(thenRefused("invalid_edit", /Only a plan/));
  });

  test("request_changes asks the Architect again, as often as a person wants, and needs a new answer each time", () => {
    const specification = gated(["plan"], ...atPlan, answered("request_changes", { note: "Smaller." }));
    for (const round of [1, 2]) {
      expect(ids(specification)).toEqual([`architect:0.${round}`]);
      expect(specification.driver.state.head.unfinished_tasks).toBe(0);
      done(`architect:0.${round}`, "architect", design(tasks({ a: [] })))(specification.driver);
      const id = `ap${round + 1}`;
      expect(specification.driver.state.head).toMatchObject({
        status: "awaiting_approval",
        approval: id,
        cycle: 0,
      });
      expect(specification.when(answer("approve"))).toMatchObject(thenRefused("approval_closed"));
      if (round === 1) answered("request_changes", { id })(specification.driver);
      else answered("approve", { id })(specification.driver);
    }
    expect(ids(specification)).toEqual(["task:a"]);
    expect(plannedTasks(specification.driver.state)).toHaveLength(1);
  });

  test("request_changes of a result is a finding and a repair, after which the result is shown again", () => {
    const specification = gated(["delivery"], ...atDelivery);
    expect(specification.when(answer("request_changes", { note: "Louder." }))).toMatchObject(
      thenEvents(
        { type: "approval.responded" },
        { type: "finding.raised", payload: { id: "f1", raised_by: "person", description: "Louder." } },
        { type: "state.transition", payload: { to: "running" } },
        { type: "repair.started", payload: { cycle: 1, findings: ["f1"] } },
      ),
    );
    passed(1, { output: judgement({ AC1: "met" }, [settled]) })(specification.driver);
    expect(ids(specification)).toEqual(["finalizer:1"]);
    expect(specification.driver.state.findings.get("f1")?.status).toBe("resolved");
    done("finalizer:1", "finalizer", notes())(specification.driver);
    expect(specification.driver.state.head).toMatchObject({ status: "awaiting_approval", approval: "ap2" });
    answered("approve", { id: "ap2" })(specification.driver);
    expect(ids(specification)).toEqual(["delivery"]);
  });

  const settled = finding({ id: "f1", severity: "info", evidence: "It shouts now." });

  test.each([
    ["nothing", []],
    ["that it is done, without showing it", [{ ...settled, citations: [] }]],
    ["that it is a small matter", [{ ...settled, severity: "warning" as const, description: "Fine." }]],
  ])("what a person asked for stands as it was said when QA says %s", (_what, findings) => {
    const specification = gated(
      ["delivery"],
      ...atDelivery,
      answered("request_changes", { note: "Louder." }),
      passed(1, { output: judgement({ AC1: "met" }, findings) }),
    );
    const { state } = specification.driver;
    expect(state.findings.get("f1")).toMatchObject({
      status: "open",
      severity: "blocking",
      description: "Louder.",
    });
    expect(state.head).toMatchObject({ status: "running", cycle: 2 });
  });

  test("what a person asked for is settled by a person who does without it", () => {
    const { driver } = gated(["delivery"], ...atDelivery, answered("request_changes"));
    driver.must({ type: "waive", what: "finding", id: "f1", reason: "Leave it." });
    passed(1)(driver);
    expect(next(driver.state).map(({ id }) => id)).toEqual(["finalizer:1"]);
  });

  test("request_changes of a result grants its repair when all were used, and one for a try that failed", () => {
    const settings = { ...creation().settings, gates: ["delivery" as const] };
    const specification = givenCreatedAs({ settings, max_qa_retries: 0 }, ...atDelivery);
    answered("request_changes")(specification.driver);
    expect(specification.driver.state.head).toMatchObject({ status: "running", cycle: 1, max_qa_retries: 2 });
    passed(1, { output: judgement({ AC1: "unmet" }) })(specification.driver);
    expect(specification.driver.state.head).toMatchObject({ status: "running", cycle: 2 });
    passed(2, { output: judgement({ AC1: "unmet" }) })(specification.driver);
    expect(specification.driver.state.head).toMatchObject({ status: "failed", cycle: 2 });
  });

  test.each([
    ["plan", atPlan],
    ["delivery", atDelivery],
  ] as const)("reject at the gate %s ends the workflow for good", (gate, moves) => {
    const specification = gated([gate], ...moves, answered("reject", { note: "Not wanted." }));
    expect(specification.driver.state.head).toMatchObject({
      status: "failed",
      error: { code: "rejected", message: "Not wanted." },
    });
    expect(ids(specification)).toEqual(["refiner:1"]);
    expect(specification.when(resumeOf(5))).toMatchObject(
      thenRefused("not_resumable", /rejected by a person/),
    );
    refined(1)(specification.driver);
    expect(specification.driver.state.head.closed).toBe(true);
    expect(newestDelivery(specification.driver.state)).toBeNull();
  });

  function trivial() {
    const check = { kind: "command" as const, command: "true", exit_code: 0, output_contains: null };
    return contract({ AC1: "must" }, { AC1: check }).constitution.acceptance_criteria;
  }

  function twice() {
    const [one] = contract().constitution.acceptance_criteria;
    return one ? [one, one] : [];
  }
});

describe("an answer to nothing", () => {
  const verbs = ["approve", "edit", "request_changes", "reject"] as const;

  test.each(verbs)("%s is refused before anything is asked, twice, and once it is over", (verb) => {
    const said = { tasks: tasks({ c: [] }) };
    expect(gated(["plan"], directed).when(answer(verb, said))).toMatchObject(thenRefused("approval_closed"));
    const specification = gated(["plan"], ...atPlan, answered(verb, verb === "edit" ? said : {}));
    expect(specification.when(answer(verb, said))).toMatchObject(thenRefused("approval_closed"));
    const over = gated(["plan"], ...atPlan, cancelled);
    expect(over.when(answer(verb, said))).toMatchObject(thenRefused("approval_closed"));
    expect(over.driver.state.head.approval).toBeNull();
  });

  test("another question's id is refused", () => {
    expect(gated(["plan"], ...atPlan).when(answer("approve", { id: "ap2" }))).toMatchObject(
      thenRefused("approval_closed", /ap2 is not waited for/),
    );
  });
});

describe("an answer that comes too late", () => {
  const late: Move = (driver) => driver.wait(60);

  test.each([
    ["approve", {}],
    ["edit", { tasks: tasks({ c: [] }) }],
  ] as const)("can't be %s", (verb, said) => {
    const specification = limited(60, ["plan"], ...atPlan, late);
    expect(specification.when(answer(verb, said))).toMatchObject(thenRefused("approval_expired"));
    expect(specification.driver.state.head.status).toBe("awaiting_approval");
    expect(ids(specification)).toEqual([]);
  });

  test("can be no, or ask for it to be shown again", () => {
    expect(limited(60, ["plan"], ...atPlan, late, answered("reject")).driver.state.head.error?.code).toBe(
      "rejected",
    );
    const specification = limited(60, ["plan"], ...atPlan, late, answered("request_changes"));
    done("architect:0.1", "architect", design())(specification.driver);
    answered("approve", { id: "ap2" })(specification.driver);
    expect(ids(specification)).toEqual(["task:greet"]);
  });

  test("is in time to the last second, and always where nothing expires", () => {
    const almost: Move = (driver) => driver.wait(59);
    expect(limited(60, ["plan"], ...atPlan, almost).when(answer("approve")).refusal).toBeNull();
    const never = gated(["plan"], ...atPlan, (driver) => driver.wait(1_000_000));
    expect(never.when(answer("approve")).refusal).toBeNull();
  });
});

describe("waiting at a gate", () => {
  test("can't be resumed past", () => {
    const specification = gated(["plan"], ...atPlan);
    expect(specification.when(resumeOf())).toMatchObject(thenRefused("approval_needed", /ap1/));
  });

  test("and paused: resuming leads back to the question, never past it", () => {
    const specification = gated(["plan"], ...atPlan, paused);
    expect(specification.when(answer("approve"))).toMatchObject(thenRefused("approval_closed"));
    resumed()(specification.driver);
    expect(specification.driver.state.head).toMatchObject({
      status: "awaiting_approval",
      approval: "ap1",
      waiting: { kind: "gate", reason: "plan" },
    });
    expect(ids(specification)).toEqual([]);
    answered("approve")(specification.driver);
    expect(ids(specification)).toEqual(["task:a"]);
  });

  test("a workflow that was paused before the question came asks it when it is resumed", () => {
    const specification = gated(
      ["plan"],
      directed,
      contracted,
      (driver) => void driver.start("architect:0"),
      paused,
    );
    specification.driver.complete("architect:0", { kind: "role", role: "architect", output: design() });
    expect(specification.driver.state.head).toMatchObject({ status: "paused", approval: "ap1" });
    resumed()(specification.driver);
    expect(specification.driver.state.head.status).toBe("awaiting_approval");
  });

  test("survives the store", () => {
    const { driver } = gated(["plan"], ...atPlan);
    const restored = driver.stored.restored();
    expect(restored.approvals.get("ap1")).toEqual(driver.state.approvals.get("ap1"));
    expect(next(restored)).toEqual([]);
  });

  test("a validation before the gate is not asked about", () => {
    const specification = gated(["delivery"], ...atPlan, implemented("a"), implemented("b"), validated(0));
    expect(ids(specification)).toEqual(["qa:0"]);
  });
});
