import { describe, expect, test } from "vitest";

import { RECEIPT_STATUSES } from "../../receipt.ts";
import { openFindings } from "../state.ts";
import { citation, command, finding, judgement, ran } from "../testing/role-outputs.testsuite.ts";
import { given, passed, worked } from "../testing/specification.testsuite.ts";

const checked = worked({ AC1: "must" }, { AC1: command() });
const read = worked({ AC1: "must" });

describe("a criterion with a check", () => {
  const words = ["met", "unmet", "unknown"] as const;
  const cases = words.flatMap((word) => RECEIPT_STATUSES.map((status) => [word, status] as const));
  const decided = { passed: "met", failed: "unmet", timed_out: "unmet" } as const;

  test.each(cases.filter(([, status]) => status !== "unavailable"))(
    "that QA calls %s and whose check has %s is what the check says",
    (word, status) => {
      const receipts = [ran({ criterion: "AC1", status })];
      const { state } = given(checked, passed(0, { receipts, output: judgement({ AC1: word }) })).driver;
      const verdict = decided[status as keyof typeof decided];
      expect(state.criteria.get("AC1")).toMatchObject({ verdict, decided_by: "check", receipt: "r1" });
      expect(state.head.cycle).toBe(verdict === "met" ? 0 : 1);
    },
  );

  test("whose check was not run is unknown, whatever QA says", () => {
    const { state } = given(checked, passed(0)).driver;
    expect(state.criteria.get("AC1")).toMatchObject({ verdict: "unknown", decided_by: "qa", receipt: null });
    expect(state.head.cycle).toBe(1);
  });

  test("is decided by the newest receipt of this cycle, not by one before", () => {
    const failed = [ran({ criterion: "AC1", status: "failed" })];
    const again = [ran({ criterion: "AC1", status: "failed" }), ran({ criterion: "AC1" })];
    const { state } = given(checked, passed(0, { receipts: failed }), passed(1, { receipts: again })).driver;
    expect(state.criteria.get("AC1")).toMatchObject({ verdict: "met", receipt: "r3", cycle: 1 });
    const stale = given(checked, passed(0, { receipts: again }));
    expect(stale.driver.state.head.cycle).toBe(0);
    const later = given(checked, passed(0, { receipts: failed }), passed(1)).driver.state;
    expect(later.criteria.get("AC1")).toMatchObject({ verdict: "unknown" });
  });

  test("that fails is a finding that the engine has reproduced, with the end of what it printed", () => {
    const output_tail = `${"x".repeat(5_000)}not ok 1`;
    const receipts = [ran({ criterion: "AC1", status: "failed", output_tail })];
    const { state } = given(checked, passed(0, { receipts })).driver;
    const [found] = openFindings(state);
    expect(found).toMatchObject({ criterion: "AC1", evidence_class: "reproduced", receipt: "r1" });
    expect(found?.evidence).toMatch(/^Receipt r1: `node --test`: It failed\.\n…x+not ok 1$/);
    expect(found?.evidence.length).toBeLessThan(2_000);
  });
});

describe("a criterion that is read", () => {
  const nowhere = citation({ path: "nowhere.js" });

  test("is met when a place that QA cites was found", () => {
    const { state } = given(read, passed(0)).driver;
    expect(state.criteria.get("AC1")).toMatchObject({ verdict: "met", decided_by: "qa", receipt: null });
    expect(state.head.verdict).toBe("verified");
  });

  test.each([
    ["nothing that it cites was found", undefined, /nothing stands where/],
    ["it cites nothing", [], /cited nothing/],
  ])("is unknown when QA calls it met and %s", (_what, citations, why) => {
    const output = judgement();
    const [verdict] = output.criteria;
    if (verdict && citations) verdict.citations = citations;
    const { state } = given(read, passed(0, { output, resolved: [] })).driver;
    expect(state.criteria.get("AC1")).toMatchObject({
      verdict: "unknown",
      evidence: expect.stringMatching(why),
    });
    expect(state.head).toMatchObject({ cycle: 1, verdict: null });
  });

  test("is met when one of several places was found", () => {
    const output = judgement();
    output.criteria[0]?.citations.unshift(nowhere);
    const resolved = [JSON.stringify(["greet.js", 1, null])];
    expect(given(read, passed(0, { output, resolved })).driver.state.head.cycle).toBe(0);
  });

  test.each(["unmet", "unknown"] as const)("is %s without any place", (verdict) => {
    const output = judgement({ AC1: verdict });
    const { state } = given(read, passed(0, { output, resolved: [] })).driver;
    expect(state.criteria.get("AC1")?.verdict).toBe(verdict);
  });
});

test("a should that is not met is no reason to repair", () => {
  const levels = { AC1: "must", AC2: "should" } as const;
  const receipts = [ran({ criterion: "AC2", status: "failed" })];
  const specification = given(
    worked(levels, { AC2: command() }),
    passed(0, { receipts, output: judgement({ AC1: "met", AC2: "met" }) }),
  );
  const { state } = specification.driver;
  expect(state.criteria.get("AC2")).toMatchObject({ verdict: "unmet", decided_by: "check" });
  expect(state.head).toMatchObject({ cycle: 0, verdict: "verified" });
});

test("a should whose check can't be run is unknown, and keeps nobody", () => {
  const levels = { AC1: "must", AC2: "should" } as const;
  const receipts = [ran({ criterion: "AC2", status: "unavailable" })];
  const output = judgement({ AC1: "met", AC2: "met" }, [finding({ severity: "info" })]);
  const { state } = given(worked(levels, { AC2: command() }), passed(0, { receipts, output })).driver;
  expect(state.criteria.get("AC2")?.verdict).toBe("unknown");
  expect(state.head).toMatchObject({ status: "running", cycle: 0, verdict: "verified" });
});
