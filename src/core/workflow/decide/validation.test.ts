import { describe, expect, test } from "vitest";

import { next } from "../next.ts";
import { openStep } from "../state.ts";
import { command, finding, judgement, ran, rubric } from "../testing/role-outputs.testsuite.ts";
import {
  given,
  type Move,
  passed,
  paused,
  resumed,
  thenEvents,
  validated,
  worked,
} from "../testing/specification.testsuite.ts";

const checks = { AC1: command(), AC2: command(), AC3: rubric };
const checked = worked({ AC1: "must", AC2: "should", AC3: "must" }, checks);
const output = judgement({ AC1: "met", AC2: "met", AC3: "met" });
const missing = ran({ criterion: "AC1", status: "unavailable", message: "Install bubblewrap." });

const waived: Move = (driver) =>
  void driver.must({ type: "waive", what: "criterion", id: "AC1", reason: "We do without." });

describe("what the engine ran", () => {
  test("is journaled, numbered through the workflow, before QA starts", () => {
    const specification = given(checked);
    expect(next(specification.driver.state)).toMatchObject([
      { id: "validation:0", kind: "validation", role: null },
    ]);
    specification.driver.start("validation:0", "tree-0");
    const receipts = [ran({ criterion: "AC1" }), ran({ status: "failed" })];
    expect(
      specification.when({
        type: "step.complete",
        step_id: "validation:0",
        attempt: 1,
        result: { kind: "validation", receipts },
      }),
    ).toMatchObject(
      thenEvents(
        { type: "receipt.recorded", payload: { id: "r1", ordinal: 1, cycle: 0, criterion: "AC1" } },
        { type: "receipt.recorded", payload: { id: "r2", ordinal: 2, status: "failed" } },
        { type: "step.completed", step_id: "validation:0" },
      ),
    );
    expect(specification.driver.state.head.tree_hash).toBe("tree-0");
    expect(next(specification.driver.state).map(({ id }) => id)).toEqual(["qa:0"]);
  });

  test("in a repair is numbered on", () => {
    const failed = [ran({ criterion: "AC1", status: "failed" })];
    const specification = given(
      checked,
      passed(0, { receipts: failed, output }),
      passed(1, { receipts: failed, output }),
    );
    const { receipts } = specification.driver.state;
    expect([receipts.get("r1")?.cycle, receipts.get("r2")?.cycle, receipts.size]).toEqual([0, 1, 2]);
  });
});

describe("a must that can't be decided", () => {
  test.each([
    ["sandbox", "sandbox_unavailable"],
    ["program", "toolchain_unavailable"],
    ["network", "toolchain_unavailable"],
  ] as const)("for want of a %s parks the workflow as %s, with what to do", (what, reason) => {
    const { state } = given(checked, validated(0, [{ ...missing, missing: what }])).driver;
    expect(state.head).toMatchObject({
      status: "paused",
      cycle: 0,
      error: null,
      waiting: { reason, message: expect.stringMatching(/AC1.*Install bubblewrap\..*resume/) },
    });
    expect(next(state)).toEqual([]);
    expect(openStep(state, "validation:0")).toMatchObject({ status: "queued", last_failure: reason });
    expect(state.findings.size).toBe(0);
  });

  test("is tried again in the same step, and costs no cycle", () => {
    const specification = given(checked, validated(0, [missing]), resumed());
    expect(next(specification.driver.state).map(({ id }) => id)).toEqual(["validation:0"]);
    validated(0, [missing])(specification.driver);
    expect(specification.driver.state.head).toMatchObject({ status: "paused", cycle: 0 });
    resumed()(specification.driver);
    passedAgain(specification.driver);
    expect(specification.driver.state.head).toMatchObject({ cycle: 0, verdict: "verified" });
    expect(specification.driver.state.criteria.get("AC1")).toMatchObject({ verdict: "met", receipt: "r3" });
  });

  const passedAgain: Move = passed(0, { receipts: [ran({ criterion: "AC1" })], output });

  test("but that a person does without lets the workflow through as waived", () => {
    const specification = given(checked, validated(0, [missing]), waived, resumed());
    passed(0, { receipts: [missing], output })(specification.driver);
    expect(specification.driver.state.head).toMatchObject({ status: "running", cycle: 0, verdict: "waived" });
    expect(specification.driver.state.criteria.get("AC1")?.verdict).toBe("unknown");
    expect(next(specification.driver.state).map(({ id }) => id)).toEqual(["finalizer"]);
  });

  test("parks a workflow only once that a person has paused meanwhile", () => {
    const specification = given(checked, (driver) => void driver.start("validation:0"), paused);
    specification.driver.complete("validation:0", { kind: "validation", receipts: [missing] });
    expect(specification.driver.state.head).toMatchObject({ status: "paused", waiting: { reason: "asked" } });
    resumed()(specification.driver);
    expect(next(specification.driver.state).map(({ id }) => id)).toEqual(["validation:0"]);
  });

  test.each([
    ["a should", ran({ criterion: "AC2", status: "unavailable" })],
    ["a criterion that QA reads", ran({ criterion: "AC3", status: "unavailable" })],
    ["a criterion nobody knows", ran({ criterion: "AC9", status: "unavailable" })],
    ["a stage", ran({ status: "unavailable", blocks: false })],
  ])("%s that can't be run does not park it", (_what, receipt) => {
    const { state } = given(checked, validated(0, [ran({ criterion: "AC1" }), receipt])).driver;
    expect(state.head.status).toBe("running");
    expect(next(state).map(({ id }) => id)).toEqual(["qa:0"]);
  });
});

describe("a stage that can't be run", () => {
  const decided = ran({ criterion: "AC1" });
  const absent = ran({ status: "unavailable", message: "Install Node." });

  test("is told to people, blocks nothing, and leaves the work unverified", () => {
    const { state } = given(checked, passed(0, { receipts: [decided, absent], output })).driver;
    expect([...state.findings.values()]).toMatchObject([
      { raised_by: "engine", severity: "info", component: "node: test", recommendation: "Install Node." },
    ]);
    expect(state.head).toMatchObject({ cycle: 0, verdict: "unverified" });
  });

  test("that does not block leaves it verified", () => {
    const receipts = [decided, { ...absent, blocks: false }];
    expect(given(checked, passed(0, { receipts, output })).driver.state.head.verdict).toBe("verified");
  });

  test("is settled when it runs and passes", () => {
    const first = { receipts: [decided, absent], output: { ...output, findings: [finding()] } };
    const { state } = given(
      checked,
      passed(0, first),
      passed(1, { receipts: [decided, ran()], output }),
    ).driver;
    expect([...state.findings.values()].map(({ status }) => status)).toEqual(["resolved", "resolved"]);
    expect(state.head.verdict).toBe("verified");
  });

  test("after it has failed parks the workflow: nobody can say that it does not fail any more", () => {
    const failed = { receipts: [decided, ran({ status: "failed" })], output };
    const again: Move = (driver) => {
      passed(0, failed)(driver);
      passedUpTo(driver);
    };
    const specification = given(checked, again);
    expect(specification.driver.state.head).toMatchObject({
      status: "paused",
      cycle: 1,
      waiting: { reason: "toolchain_unavailable" },
    });
    specification.driver.must({ type: "waive", what: "finding", id: "f1", reason: "It ran elsewhere." });
    resumed()(specification.driver);
    validated(1, [decided, absent])(specification.driver);
    expect(next(specification.driver.state).map(({ id }) => id)).toEqual(["qa:1"]);
  });

  const passedUpTo: Move = (driver) => {
    expect(() => passed(1, { receipts: [decided, absent], output })(driver)).toThrow(/qa:1 can't start/);
  };
});
