import { describe, expect, test } from "vitest";

import { openFindings } from "../state.ts";
import { finding, judgement, ran } from "../testing/role-outputs.testsuite.ts";
import {
  cancelled,
  delivered,
  finalized,
  given,
  givenCreatedAs,
  type Move,
  passed,
  refined,
  resumed,
  thenEvents,
  thenRefused,
  worked,
} from "../testing/specification.testsuite.ts";
import type { Order } from "../testing/workflow-driver.testsuite.ts";

const levels = { AC1: "must", AC2: "must" } as const;
const unmet = judgement({ AC1: "unmet", AC2: "met" }, [finding({ criterion: "AC1" })]);
const met = judgement({ AC1: "met", AC2: "met" });

function waive(what: "criterion" | "finding", id: string): Order {
  return { type: "waive", what, id, reason: "We do without." };
}

function waived(what: "criterion" | "finding", id: string): Move {
  return (driver) => void driver.must(waive(what, id));
}

describe("a criterion that a person does without", () => {
  test("settles its open findings with it", () => {
    const specification = given(worked(levels), passed(0, { output: unmet }));
    expect(specification.when(waive("criterion", "AC1"))).toMatchObject(
      thenEvents(
        { type: "criterion.waived", payload: { id: "AC1", reason: "We do without." } },
        { type: "finding.waived", payload: { id: "f1" } },
      ),
    );
    expect(specification.driver.state.waivers.get("AC1")).toBe("We do without.");
    expect(specification.driver.state.findings.get("f1")).toMatchObject({
      status: "waived",
      resolution: "We do without.",
    });
  });

  test("lets the work pass as waived, though it is still not met", () => {
    const { state } = given(
      worked(levels),
      passed(0, { output: unmet }),
      waived("criterion", "AC1"),
      passed(1, { output: unmet }),
    ).driver;
    expect(state.criteria.get("AC1")?.verdict).toBe("unmet");
    expect(openFindings(state)).toEqual([]);
    expect(state.head).toMatchObject({ cycle: 1, status: "running", verdict: "waived" });
  });

  test("is no reason to block, whatever QA shows against it", () => {
    const shown = judgement({ AC1: "unmet", AC2: "met" }, [
      finding({ criterion: "AC1", description: "Something new about it." }),
    ]);
    const { state } = given(worked(levels), waived("criterion", "AC1"), passed(0, { output: shown })).driver;
    expect(openFindings(state)).toMatchObject([{ severity: "warning" }]);
    expect(state.head).toMatchObject({ cycle: 0, verdict: "waived" });
  });

  test("leaves the other musts as they are", () => {
    const both = judgement({ AC1: "unmet", AC2: "unmet" });
    const { state } = given(worked(levels), waived("criterion", "AC1"), passed(0, { output: both })).driver;
    expect(openFindings(state)).toMatchObject([{ criterion: "AC2" }]);
    expect(state.head).toMatchObject({ cycle: 1, verdict: null });
  });

  test("changes nothing a second time, and is refused where there is none", () => {
    const specification = given(worked(levels), waived("criterion", "AC1"));
    expect(specification.when(waive("criterion", "AC1"))).toMatchObject(thenEvents());
    expect(specification.when(waive("criterion", "AC9"))).toMatchObject(thenRefused("unknown_criterion"));
    expect(given().when(waive("criterion", "AC1"))).toMatchObject(thenRefused("unknown_criterion"));
  });
});

describe("a finding that a person knows better than", () => {
  const complaint = judgement({ AC1: "met", AC2: "met" }, [finding()]);

  test("stays waived when it is told again, by its id or in other words", () => {
    for (const again of [finding({ id: "f1" }), finding({ description: "Greet: does it not?" })]) {
      const later = judgement({ AC1: "met", AC2: "met" }, [again]);
      const { state } = given(
        worked(levels),
        passed(0, { output: complaint }),
        waived("finding", "f1"),
        passed(1, { output: later }),
      ).driver;
      expect(state.findings.size).toBe(1);
      expect(state.head).toMatchObject({ cycle: 1, verdict: "waived" });
    }
  });

  test("of a stage stays waived while the stage fails, and the work is not called verified", () => {
    const broken = { receipts: [ran({ status: "failed" })], output: met };
    const { state } = given(
      worked(levels),
      passed(0, broken),
      waived("finding", "f1"),
      passed(1, broken),
    ).driver;
    expect([...state.findings.values()]).toMatchObject([{ id: "f1", status: "waived" }]);
    expect(state.head).toMatchObject({ cycle: 1, status: "running", verdict: "waived" });
  });

  test("does not settle the must that is not met", () => {
    const { state } = given(
      worked(levels),
      passed(0, { output: unmet }),
      waived("finding", "f1"),
      passed(1, { output: unmet }),
    ).driver;
    expect(openFindings(state)).toMatchObject([
      { raised_by: "core", criterion: "AC1", severity: "blocking" },
    ]);
    expect(state.head.cycle).toBe(2);
  });

  test("changes nothing once it is settled, and is refused where there is none", () => {
    const specification = given(worked(levels), passed(0, { output: complaint }), passed(1, { output: met }));
    expect(specification.when(waive("finding", "f1"))).toMatchObject(thenEvents());
    expect(specification.when(waive("finding", "f9"))).toMatchObject(thenRefused("unknown_finding"));
  });
});

describe("when it may be waived", () => {
  const failed: readonly Move[] = [worked(levels), passed(0, { output: unmet }), refined(1)];

  test("a failed and closed workflow takes it, and is said to be closed again", () => {
    const specification = givenCreatedAs({ max_qa_retries: 0 }, ...failed);
    expect(specification.when(waive("criterion", "AC1"))).toMatchObject(
      thenEvents(
        { type: "criterion.waived" },
        { type: "finding.waived" },
        { type: "workflow.closed", payload: { status: "failed" } },
      ),
    );
    resumed()(specification.driver);
    [finalized, delivered].forEach((move) => move(specification.driver));
    expect(specification.driver.state.head).toMatchObject({ status: "completed", verdict: "waived" });
  });

  test.each([
    ["completed", [worked(levels), passed(0, { output: met }), finalized, delivered]],
    ["cancelled", [worked(levels), cancelled]],
  ])("a %s workflow takes it no more", (_status, moves) => {
    expect(given(...moves).when(waive("criterion", "AC1"))).toMatchObject(thenRefused("already_closed"));
  });
});
