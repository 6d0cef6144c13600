import { describe, expect, test } from "vitest";

import { type FindingState, openFindings, type WorkflowState } from "../state.ts";
import { citation, finding, judgement, ran } from "../testing/role-outputs.testsuite.ts";
import { given, type Move, passed, type Pass, worked } from "../testing/specification.testsuite.ts";

const levels = { AC1: "must", AC2: "should" } as const;
const met = { AC1: "met", AC2: "met" } as const;

function after(...passes: readonly Pass[]): WorkflowState {
  const moves = passes.map((pass, cycle): Move => passed(cycle, pass));
  return given(worked(levels), ...moves).driver.state;
}

function told(...findings: readonly Parameters<typeof finding>[0][]): Pass {
  return { output: judgement(met, findings.map(finding)) };
}

/** As `told`, with the verdicts found where they point and the findings not. */
function hinted(...findings: readonly Parameters<typeof finding>[0][]): Pass {
  return told(...findings.map((one) => ({ citations: [], ...one })));
}

function ledger(state: WorkflowState): string[] {
  return [...state.findings.values()]
    .toSorted((left, right) => left.ordinal - right.ordinal)
    .map(({ id, status, severity, evidence_class }) => `${id} ${status} ${severity} ${evidence_class}`);
}

describe("evidence", () => {
  test("a finding that shows nothing is an opinion, and blocks nothing", () => {
    const state = after(hinted({}));
    expect(ledger(state)).toEqual(["f1 open warning opinion"]);
    expect(state.head).toMatchObject({ cycle: 0, verdict: "verified" });
  });

  test("a finding whose places were not found is an opinion too", () => {
    const output = judgement(met, [finding({ citations: [citation({ path: "nowhere.js" })] })]);
    const state = after({ output, resolved: [JSON.stringify(["greet.js", 1, null])] });
    expect(ledger(state)).toEqual(["f1 open warning opinion"]);
  });

  test("an opinion on a must that is not met blocks; on a should it does not", () => {
    const verdicts = { AC1: "unmet", AC2: "unmet" } as const;
    const opinions = [
      finding({ criterion: "AC1", citations: [] }),
      finding({ criterion: "AC2", citations: [], description: "Too loud." }),
    ];
    const state = after({ output: judgement(verdicts, opinions) });
    expect(ledger(state)).toEqual(["f1 open blocking opinion", "f2 open warning opinion"]);
    expect(state.head.cycle).toBe(1);
  });

  test("an unmet must blocks without any word", () => {
    const state = after({ output: judgement({ AC1: "unmet", AC2: "met" }), resolved: [] });
    expect(ledger(state)).toEqual(["f1 open blocking cited"]);
    expect(openFindings(state)).toMatchObject([{ raised_by: "core", criterion: "AC1" }]);
  });

  test("a finding that cites a failed receipt of this cycle is reproduced", () => {
    const receipts = [ran({ name: "node: lint", status: "failed", blocks: false })];
    const cited = { citations: [citation({ path: "r1", line: null })] };
    const state = after({ receipts, output: judgement(met, [finding(cited)]), resolved: [key()] });
    expect(ledger(state)).toEqual(["f1 open blocking reproduced", "f2 open warning reproduced"]);
    expect(state.findings.get("f1")?.receipt).toBe("r1");
  });

  test.each([
    ["a receipt that has passed", [[ran()]]],
    ["a failed receipt of an earlier cycle", [[ran({ status: "failed" })], [ran()]]],
    ["a failed receipt that was run again", [[ran({ status: "failed" }), ran()]]],
  ])("%s shows nothing", (_what, passes) => {
    const cited = finding({ description: "Broken.", citations: [citation({ path: "r1", line: null })] });
    const last = passes.length - 1;
    const state = after(
      ...passes.map((receipts, cycle) => ({
        receipts,
        output: judgement(met, cycle === last ? [cited] : []),
        resolved: [key()],
      })),
    );
    expect(openFindings(state)).toMatchObject([{ evidence_class: "opinion", severity: "warning" }]);
  });

  function key(): string {
    return JSON.stringify(["greet.js", 1, null]);
  }

  test("what was shown once stays shown when it is named again without evidence", () => {
    for (const again of [{ id: "f1" }, {}]) {
      const state = after(told({}), hinted(again));
      expect(ledger(state)).toEqual(["f1 open blocking cited"]);
      expect(state.head.cycle).toBe(2);
    }
  });

  test("an opinion that is shown later blocks from then on", () => {
    const first = told({ description: "Another." }, { citations: [] });
    expect(ledger(after(first)).at(-1)).toBe("f2 open warning opinion");
    const state = after(first, told({ id: "f2" }));
    expect(ledger(state)).toEqual(["f1 resolved blocking cited", "f2 open blocking cited"]);
    expect(state.head.cycle).toBe(2);
  });

  test("what was settled and comes back without evidence is an opinion", () => {
    const state = after(
      told({}),
      told({ description: "Another." }),
      hinted({ description: "Does not greet." }),
    );
    expect(ledger(state)).toEqual(["f1 open warning opinion", "f2 resolved blocking cited"]);
    expect(state.head.verdict).toBe("verified");
  });
});

describe("silence", () => {
  const silent = { output: judgement(met) };

  test("settles what was shown once the tree is another", () => {
    const state = after(told({}), silent);
    expect(ledger(state)).toEqual(["f1 resolved blocking cited"]);
    expect(state.head.verdict).toBe("verified");
  });

  test("about the same tree takes nothing back but opinions", () => {
    const both = told({}, { description: "Another.", citations: [] });
    const state = after({ ...both, tree: "same" }, { ...silent, tree: "same" });
    expect(ledger(state)).toEqual(["f1 open blocking cited", "f2 resolved warning opinion"]);
    expect(state.head.cycle).toBe(2);
  });
});

describe("identity", () => {
  test.each([
    ["the same words", {}],
    ["other words for it", { description: "Greet: it does NOT (still)." }],
    ["no criterion any more", { criterion: null }],
    ["its id and all other words", { id: "f1", description: "Silence." }],
  ])("a finding told again with %s is the same", (_what, again) => {
    const state = after(told({ criterion: "AC2" }), told({ criterion: "AC2", ...again }));
    expect([...state.findings.values()]).toMatchObject([{ id: "f1", status: "open", criterion: "AC2" }]);
  });

  test.each([
    ["of another component", { component: "other.js" }],
    ["of another criterion", { criterion: "AC1" }],
    ["that says something else", { description: "It is too loud." }],
    ["without words that tell it apart", { description: "!?" }],
  ])("a finding %s is another", (_what, other) => {
    const state = after(
      told({ criterion: "AC2" }),
      told({ criterion: "AC2" }, { criterion: "AC2", ...other }),
    );
    expect(state.findings.size).toBe(2);
  });

  test("two words without a fingerprint are two findings", () => {
    expect(after(told({ description: "错误" }, { description: "太慢" })).findings.size).toBe(2);
    expect(after(told({ description: "错误" }), told({ description: "太慢" })).findings.size).toBe(2);
  });

  test("one pass that says a thing twice has said it once, and the worse of both", () => {
    const state = after(told({ severity: "warning" }, { severity: "blocking" }));
    expect(ledger(state)).toEqual(["f1 open blocking cited"]);
  });

  test("a settled finding that is told again is open again, and settled again", () => {
    const passes = [told({}), told({ description: "Another." }), told({}, { description: "Another." })];
    expect(ledger(after(...passes))).toEqual(["f1 open blocking cited", "f2 open blocking cited"]);
    const last = after(told({}), told({ description: "Another." }), told({}));
    expect(last.findings.get("f1")).toMatchObject({
      status: "open",
      raised_in_cycle: 0,
      resolved_in_cycle: null,
    });
    expect(last.findings.get("f2")).toMatchObject({ status: "resolved", resolved_in_cycle: 2 });
  });

  test("a must that is unmet, met and unmet again has one finding", () => {
    const levelsMet = { AC1: "met", AC2: "met" } as const;
    const unmet = { AC1: "unmet", AC2: "met" } as const;
    const state = after(
      { output: judgement(unmet) },
      { output: judgement(levelsMet, [finding()]) },
      { output: judgement(unmet) },
    );
    const core = [...state.findings.values()].filter(({ raised_by }) => raised_by === "core");
    expect(core).toMatchObject([{ id: "f1", status: "open", raised_in_cycle: 0 }]);
  });
});

describe("a stage that fails", () => {
  const broken = { receipts: [ran({ status: "failed" })], output: judgement(met) };
  const sound = { receipts: [ran()], output: judgement(met, [finding()]) };

  test("is a finding of the engine that only a passing stage settles", () => {
    const first = after(broken);
    expect(openFindings(first)).toMatchObject([
      { id: "f1", raised_by: "engine", severity: "blocking", component: "node: test", receipt: "r1" },
    ]);
    const claimed = { ...broken, output: judgement(met, [finding({ id: "f1", severity: "info" })]) };
    expect(ledger(after(broken, claimed))).toEqual(["f1 open blocking reproduced"]);
    const settled = after(broken, sound);
    expect(settled.findings.get("f1")).toMatchObject({ status: "resolved", resolved_in_cycle: 1 });
  });

  test("and fails again later is the same finding, open again", () => {
    const state = after(broken, sound, broken);
    const engine = [...state.findings.values()].filter(({ raised_by }) => raised_by === "engine");
    expect(engine).toMatchObject([{ id: "f1", status: "open", raised_in_cycle: 0, receipt: "r3" }]);
  });

  test("that passes is settled whatever QA still says of it", () => {
    const again = { ...sound, output: judgement(met, [finding({ id: "f1", citations: [] })]) };
    const state = after(broken, again);
    expect(ledger(state)).toEqual(["f1 resolved blocking reproduced"]);
    expect(state.head.verdict).toBe("verified");
  });

  test("that passes leaves what QA shows under its id as a finding of QA's own", () => {
    const again = { ...sound, output: judgement(met, [finding({ id: "f1" })]) };
    expect(ledger(after(broken, again))).toEqual([
      "f1 resolved blocking reproduced",
      "f2 open blocking cited",
    ]);
  });

  test.each([
    ["was not run again", []],
    ["is replaced by another", [ran({ name: "python: test" })]],
    ["could not be run", [ran({ status: "unavailable", blocks: false })]],
  ])("that %s is not mended", (_what, receipts) => {
    const state = after(broken, { receipts, output: judgement(met) });
    expect(state.findings.get("f1")).toMatchObject({ status: "open", severity: "blocking" });
    expect(state.head.cycle).toBe(2);
  });

  test.each([
    ["of contents", { name: "data: contents", stage: "check" }],
    ["without blocking", { name: "node: lint", stage: "lint", blocks: false }],
  ] as const)("%s is over when there is nothing to tell any more", (_what, stage) => {
    const other = finding({ description: "Another." });
    const first = { receipts: [ran({ ...stage, status: "failed" })], output: judgement(met, [other]) };
    const state = after(first, { output: judgement(met, [other]) });
    const about = [...state.findings.values()].find(({ component }) => component === stage.name);
    expect(about?.status).toBe("resolved");
  });

  test("without blocking is a warning", () => {
    const lint = ran({ name: "node: lint", stage: "lint", status: "timed_out", blocks: false });
    const state = after({ receipts: [lint], output: judgement(met) });
    expect(ledger(state)).toEqual(["f1 open warning reproduced"]);
    expect(state.head).toMatchObject({ cycle: 0, verdict: "verified" });
  });
});

test("a finding of a must that passes is settled by its check, with the receipt named", () => {
  const state = after(
    { output: judgement({ AC1: "unmet", AC2: "met" }, [finding({ criterion: "AC1" })]) },
    { output: judgement(met) },
  );
  const settled: Partial<FindingState> = { status: "resolved", resolution: "AC1 is met: AC1 in greet.js" };
  expect(state.findings.get("f1")).toMatchObject(settled);
});
