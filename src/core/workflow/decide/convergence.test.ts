import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";

import { next } from "../next.ts";
import type { JudgedTree } from "../progress.ts";
import type { WorkflowState } from "../state.ts";
import { finding, judgement, ran } from "../testing/role-outputs.testsuite.ts";
import {
  designed,
  done,
  givenCreatedAs,
  implemented,
  type Pass,
  passed,
  paused,
  resumed,
  worked,
} from "../testing/specification.testsuite.ts";
import { creation, resumeOf, type WorkflowDriver } from "../testing/workflow-driver.testsuite.ts";

vi.setConfig({ testTimeout: 60_000 });

const levels = { AC1: "must", AC2: "must" } as const;
const met = { AC1: "met", AC2: "met" } as const;

/** Passes one after the other, until the workflow ends or needs no other. */
function driven(
  { max_qa_retries = 10, stall_patience = 2 }: { max_qa_retries?: number; stall_patience?: number },
  passOf: (cycle: number) => Pass,
): WorkflowDriver {
  const settings = { ...creation().settings, stall_patience };
  const { driver } = givenCreatedAs({ max_qa_retries, settings }, worked(levels));
  goOn(driver, passOf);
  return driver;
}

function goOn(driver: WorkflowDriver, passOf: (cycle: number) => Pass): void {
  for (;;) {
    const [step] = next(driver.state);
    if (step?.role !== "architect" && step?.kind !== "validation") return;
    passed(step.cycle, passOf(step.cycle))(driver);
  }
}

/** Says which of the two musts does not hold, and of how many things it complains besides. */
function pass(unmet: "AC1" | "AC2" | "both" | "none", tree: string, complaints = 0): Pass {
  const verdicts = {
    AC1: unmet === "AC1" || unmet === "both" ? "unmet" : "met",
    AC2: unmet === "AC2" || unmet === "both" ? "unmet" : "met",
  } as const;
  const findings = Array.from({ length: complaints }, (_, index) =>
    finding({ description: `Complaint ${"x".repeat(index + 3)} about ${tree}.` }),
  );
  return { tree, output: judgement(verdicts, findings) };
}

describe("a repair without progress", () => {
  test.each([1, 2, 3])(
    "that leaves the same findings open ends as stalled after %i in a row",
    (stall_patience) => {
      const { state } = driven({ stall_patience }, (cycle) => pass("AC1", `tree-${cycle}`));
      expect(state.head).toMatchObject({
        status: "failed",
        cycle: stall_patience,
        error: { code: "stalled", message: expect.stringMatching(/f1.*no progress.*best tree is kept/) },
        verdict: "rejected",
      });
      expect(next(state).map(({ id }) => id)).toEqual(["refiner:1"]);
    },
  );

  test.each([1, 2, 3])("that changes nothing ends as stalled after %i in a row", (stall_patience) => {
    const { state } = driven({ stall_patience }, (cycle) => ({
      ...pass("none", "tree"),
      output: judgement(met, [
        finding({ description: `It is ${"louder ".repeat(cycle)} ${"abcdefgh"[cycle]}xyz` }),
      ]),
    }));
    expect(state.head).toMatchObject({ status: "failed", cycle: stall_patience, error: { code: "stalled" } });
  });

  test("a fixer that alternates between two wrong answers is seen to go in a circle", () => {
    const { state } = driven({}, (cycle) => (cycle % 2 === 0 ? pass("AC1", "left") : pass("AC2", "right")));
    expect(state.head).toMatchObject({ status: "failed", cycle: 3, error: { code: "stalled" } });
  });

  test("one cycle of progress between two without begins the count anew", () => {
    const passes = [
      pass("both", "a", 1),
      pass("both", "a", 1),
      pass("AC1", "b"),
      pass("AC1", "c"),
      pass("AC1", "d"),
    ];
    const { state } = driven({}, (cycle) => passes[cycle] ?? pass("none", "never"));
    expect(state.head).toMatchObject({ status: "failed", cycle: 4, error: { code: "stalled" } });
  });

  test("trees that nobody has named are not taken for one and the same", () => {
    const { driver } = givenCreatedAs({ max_qa_retries: 5 }, worked(levels));
    ["louder", "faster"].forEach((word, cycle) => {
      if (cycle > 0) [designed({ mend: [] }, cycle), implemented("mend")].forEach((move) => move(driver));
      driver.start(`validation:${cycle}`, null);
      driver.complete(`validation:${cycle}`, { kind: "validation", receipts: [] });
      const output = judgement(met, [finding({ description: `It must be ${word}.` })]);
      done(`qa:${cycle}`, "qa", output)(driver);
    });
    expect(driver.state.head).toMatchObject({ cycle: 2, progress: { stagnant: 0 } });
  });
});

describe("a reviewer that always finds something new", () => {
  test.each([1, 2, 5])("ends as stalled at the bound of %i repairs, and not before", (max_qa_retries) => {
    const { state } = driven({ max_qa_retries }, (cycle) => pass("none", `tree${"abcdefgh"[cycle]}`, 1));
    expect(state.head).toMatchObject({
      status: "failed",
      cycle: max_qa_retries,
      error: { code: "stalled" },
      progress: { stagnant: 0 },
    });
  });

  test("of less and less ends as exhausted: it was still getting better", () => {
    const { state } = driven({ max_qa_retries: 3 }, (cycle) =>
      pass("none", `tree${"abcdefgh"[cycle]}`, 5 - cycle),
    );
    expect(state.head).toMatchObject({ status: "failed", cycle: 3, error: { code: "repair_exhausted" } });
  });
});

describe("a stalled workflow", () => {
  const stuck = (cycle: number): Pass => pass("AC1", `tree-${cycle}`);

  test("is resumed into another repair, with patience as at first", () => {
    const driver = driven({}, stuck);
    expect(driver.state.head.cycle).toBe(2);
    resumed()(driver);
    expect(driver.state.head).toMatchObject({ status: "running", cycle: 3, progress: { stagnant: 0 } });
    goOn(driver, stuck);
    expect(driver.state.head).toMatchObject({ status: "failed", cycle: 4, error: { code: "stalled" } });
  });

  test("needs a higher max_qa_retries when its repairs are used", () => {
    const driver = driven({ max_qa_retries: 2 }, stuck);
    expect(driver.give(resumeOf())).toMatchObject({ code: "repair_exhausted" });
    driver.must(resumeOf(3));
    goOn(driver, (cycle) => pass("none", `tree-${cycle}`));
    expect(driver.state.head).toMatchObject({ status: "running", verdict: "verified", cycle: 3 });
  });

  test("passes as it is when a person does without what is open", () => {
    const driver = driven({ max_qa_retries: 2 }, stuck);
    driver.must({ type: "waive", what: "criterion", id: "AC1", reason: "Good enough." });
    expect(driver.events.at(-1)?.type).toBe("finding.waived");
    const { after } = driver.must(resumeOf());
    expect(after.head).toMatchObject({ status: "running", cycle: 2, verdict: "waived" });
    expect(next(after).map(({ id }) => id)).toEqual(["finalizer"]);
  });

  test("does not pass when only the finding is waived and the must is still unmet", () => {
    const driver = driven({ max_qa_retries: 2 }, stuck);
    driver.must({ type: "waive", what: "finding", id: "f1", reason: "Wrong." });
    expect(driver.give(resumeOf())).toMatchObject({ code: "repair_exhausted" });
  });

  test("is not made patient again by pausing and resuming", () => {
    const { driver } = givenCreatedAs(
      { max_qa_retries: 10 },
      worked(levels),
      passed(0, stuck(0)),
      passed(1, stuck(1)),
      paused,
      resumed(),
    );
    expect(driver.state.head.progress.stagnant).toBe(1);
    goOn(driver, stuck);
    expect(driver.state.head).toMatchObject({ cycle: 2, error: { code: "stalled" } });
  });
});

describe("the best tree", () => {
  test("is the one with the fewest open musts, then the fewest blocking findings, then the newest", () => {
    const passes = [
      pass("both", "a"),
      pass("AC1", "b", 2),
      pass("AC1", "c"),
      pass("AC2", "d"),
      pass("both", "e"),
    ];
    const { state } = driven({ max_qa_retries: 4 }, (cycle) => passes[cycle] ?? pass("none", "never"));
    expect(state.head.progress.best).toMatchObject({ cycle: 3, tree_hash: "d", open_musts: 1, blocking: 3 });
    expect(state.head.progress.best?.artifacts).toBe(4);
  });

  const score = ({ open_musts, blocking }: Pick<JudgedTree, "open_musts" | "blocking">): number =>
    open_musts * 1_000 + blocking;

  test("is never worse than any tree that was judged, the last one included, and the workflow ends", () => {
    const anyPass = fc.record({
      unmet: fc.constantFrom("AC1" as const, "AC2" as const, "both" as const, "none" as const),
      tree: fc.constantFrom("a", "b", "c", "d", "e", "f"),
      complaints: fc.nat({ max: 3 }),
      fails: fc.boolean(),
    });
    const bounds = fc.record({
      max_qa_retries: fc.nat({ max: 6 }),
      stall_patience: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(bounds, fc.array(anyPass, { minLength: 7, maxLength: 7 }), (bound, passes) => {
        const driver = driven(bound, (cycle) => {
          const { unmet, tree, complaints, fails } = passes[cycle] as (typeof passes)[number];
          return {
            ...pass(unmet, tree, complaints),
            receipts: [ran({ status: fails ? "failed" : "passed" })],
          };
        });
        const judged = driver.events.flatMap(({ type, payload }) =>
          type === "cycle.judged" ? [payload] : [],
        );
        const { progress, status, error, verdict, cycle } = driver.state.head;
        const best = score(progress.best as JudgedTree);
        expect(judged.filter((one) => score(one) < best)).toEqual([]);
        expect(judged.length).toBe(cycle + 1);
        expect(cycle).toBeLessThanOrEqual(bound.max_qa_retries);
        const ending = verdict === "verified" ? `running ${best}` : `${status} ${error?.code}`;
        expect(ending).toMatch(/^(running 0|failed (stalled|repair_exhausted))$/);
        expect(stagnantTail(judged)).toBeLessThanOrEqual(bound.stall_patience);
      }),
      { numRuns: 300 },
    );
  });

  function stagnantTail(judged: readonly { readonly progress: boolean }[]): number {
    return judged.length - 1 - judged.findLastIndex(({ progress }) => progress);
  }
});

test("what is judged of a cycle says what it was judged on", () => {
  const state: WorkflowState = driven({ max_qa_retries: 0 }, () => pass("AC1", "tree-0")).state;
  expect(state.head.progress).toEqual({
    best: { cycle: 0, tree_hash: "tree-0", artifacts: 1, open_musts: 1, blocking: 1 },
    trees: ["tree-0"],
    open: ["f1"],
    stagnant: 0,
  });
});
