import { describe, expect, test } from "vitest";

import { openFindings } from "../state.ts";
import { contract, finding, judgement } from "../testing/role-outputs.testsuite.ts";
import {
  begun,
  completionOf,
  designed,
  directed,
  done,
  given,
  implemented,
  judged,
  type Move,
  thenEvents,
  validated,
} from "../testing/specification.testsuite.ts";

type Levels = Parameters<typeof contract>[0];

function builtFor(levels: Levels): Move {
  return (driver) => {
    directed(driver);
    done("project_manager", "project_manager", contract(levels))(driver);
    designed({ greet: [] })(driver);
    implemented("greet")(driver);
    validated(0)(driver);
  };
}

/** A first pass with this judgement, and everything of its repair up to QA. */
function repaired(levels: Levels, first: ReturnType<typeof judgement>): Move {
  return (driver) => {
    builtFor(levels)(driver);
    judged(0, first)(driver);
    designed({ mend: [] }, 1)(driver);
    implemented("mend", ["greet.js"])(driver);
    begun("qa:1")(driver);
  };
}

function second(levels: Levels, first: ReturnType<typeof judgement>, later: ReturnType<typeof judgement>) {
  return given(repaired(levels, first)).when(completionOf("qa:1", "qa", later)).change;
}

describe("the first pass", () => {
  test("a blocking finding opens a repair", () => {
    const outcome = given(builtFor({ AC1: "must" }), begun("qa:0")).when(
      completionOf("qa:0", "qa", judgement({ AC1: "met" }, [finding()])),
    );
    expect(outcome).toMatchObject(
      thenEvents(
        { type: "criterion.judged" },
        { type: "finding.raised", payload: { id: "f1", severity: "blocking", raised_by: "qa", cycle: 0 } },
        { type: "cycle.judged", payload: { open_musts: 0, blocking: 1, verdict: "rejected" } },
        { type: "role.completed" },
        { type: "step.completed" },
        { type: "repair.started", payload: { cycle: 1, findings: ["f1"] } },
      ),
    );
    const { change } = outcome;
    expect(change.after.head).toMatchObject({ status: "running", cycle: 1 });
  });

  test.each(["unmet", "unknown"] as const)(
    "a must that is %s without a finding gets one from the core",
    (verdict) => {
      expect(
        given(builtFor({ AC1: "must" }), begun("qa:0")).when(
          completionOf("qa:0", "qa", judgement({ AC1: verdict })),
        ),
      ).toMatchObject(
        thenEvents(
          { type: "criterion.judged" },
          { type: "finding.raised", payload: { raised_by: "core", severity: "blocking", criterion: "AC1" } },
          { type: "cycle.judged", payload: { open_musts: 1, blocking: 1 } },
          { type: "role.completed" },
          { type: "step.completed" },
          { type: "repair.started" },
        ),
      );
    },
  );

  test("a must without a verdict is unknown", () => {
    const change = given(builtFor({ AC1: "must", AC2: "must" }), begun("qa:0")).when(
      completionOf("qa:0", "qa", judgement({ AC1: "met" })),
    ).change;
    expect(change.after.criteria.get("AC2")).toMatchObject({ verdict: "unknown" });
    expect(openFindings(change.after)).toMatchObject([{ criterion: "AC2", raised_by: "core" }]);
  });

  test("of two verdicts on one criterion the worse counts", () => {
    const output = judgement({ AC1: "met" });
    output.criteria.push({ id: "AC1", verdict: "unmet", evidence: "second look", citations: [] });
    const change = given(builtFor({ AC1: "must" }), begun("qa:0")).when(
      completionOf("qa:0", "qa", output),
    ).change;
    expect(change.after.criteria.get("AC1")).toMatchObject({
      verdict: "unmet",
      evidence: "second look",
      citations: [],
    });
    expect(change.after.head.cycle).toBe(1);
  });

  test("a blocking finding on the must is enough; the core adds none", () => {
    const change = given(builtFor({ AC1: "must" }), begun("qa:0")).when(
      completionOf("qa:0", "qa", judgement({ AC1: "unmet" }, [finding({ criterion: "AC1" })])),
    ).change;
    expect(openFindings(change.after)).toHaveLength(1);
  });

  test("a warning on the unmet must is not enough", () => {
    const change = given(builtFor({ AC1: "must" }), begun("qa:0")).when(
      completionOf(
        "qa:0",
        "qa",
        judgement({ AC1: "unmet" }, [finding({ severity: "warning", criterion: "AC1" })]),
      ),
    ).change;
    expect(openFindings(change.after).map((one) => one.raised_by)).toEqual(["qa", "core"]);
    expect(change.after.head.cycle).toBe(1);
  });

  test("warnings, hints and an unmet should do not block", () => {
    const change = given(builtFor({ AC1: "must", AC2: "should" }), begun("qa:0")).when(
      completionOf(
        "qa:0",
        "qa",
        judgement({ AC1: "met", AC2: "unmet" }, [
          finding({ severity: "warning" }),
          finding({ severity: "info" }),
        ]),
      ),
    ).change;
    expect(change.after.head).toMatchObject({ cycle: 0, status: "running" });
    expect(change.events.at(-1)?.type).toBe("step.completed");
  });

  test("ids and criteria that do not exist are not believed", () => {
    const change = given(builtFor({ AC1: "must" }), begun("qa:0")).when(
      completionOf("qa:0", "qa", judgement({ AC1: "met" }, [finding({ id: "f99", criterion: "AC9" })])),
    ).change;
    expect(openFindings(change.after)).toMatchObject([{ id: "f1", criterion: null }]);
  });

  test("the last allowed repair that is no better ends as stalled with the findings named", () => {
    const specification = given(repaired({ AC1: "must" }, judgement({ AC1: "unmet" })));
    const { driver } = specification;
    driver.state = { ...driver.state, head: { ...driver.state.head, max_qa_retries: 1 } };
    const change = specification.when(completionOf("qa:1", "qa", judgement({ AC1: "unmet" }))).change;
    expect(change.events.at(-1)).toMatchObject({
      type: "state.transition",
      payload: { to: "failed", reason: "stalled", message: expect.stringContaining("f1") },
    });
    expect(openFindings(change.after).map((one) => one.id)).toEqual(["f1"]);
  });
});

describe("a pass after a repair", () => {
  const must = { AC1: "must" } as const;
  const tied = judgement({ AC1: "unmet" }, [finding({ criterion: "AC1" })]);
  const free = judgement({ AC1: "met" }, [finding()]);

  test("a finding on a criterion is settled when the criterion is met", () => {
    const change = second(must, tied, judgement({ AC1: "met" }));
    expect(change.after.findings.get("f1")).toMatchObject({
      status: "resolved",
      resolved_in_cycle: 1,
      resolution: "AC1 is met: AC1 in greet.js",
    });
    expect(change.after.head.cycle).toBe(1);
  });

  test("a finding on a criterion stands while the criterion is not met, named again or not", () => {
    const silent = second(must, tied, judgement({ AC1: "unmet" }));
    expect(openFindings(silent.after).map((one) => one.id)).toEqual(["f1"]);
    const spoken = second(
      must,
      tied,
      judgement({ AC1: "unmet" }, [finding({ id: "f1", evidence: "still", criterion: "AC1" })]),
    );
    expect(openFindings(spoken.after)).toMatchObject([{ id: "f1", evidence: "still" }]);
    expect(spoken.after.head.cycle).toBe(2);
  });

  test("a finding that is named again without its criterion stays tied to it", () => {
    const change = second(must, tied, judgement({ AC1: "unmet" }, [finding({ id: "f1", criterion: null })]));
    expect(openFindings(change.after)).toMatchObject([{ id: "f1", criterion: "AC1" }]);
  });

  test("a finding that is called info on an unmet must leaves the must blocked", () => {
    const change = second(must, tied, judgement({ AC1: "unmet" }, [finding({ id: "f1", severity: "info" })]));
    expect(
      openFindings(change.after).some((one) => one.severity === "blocking" && one.criterion === "AC1"),
    ).toBe(true);
    expect(change.after.head.cycle).toBe(2);
  });

  test("a free finding is settled as info, with QA's evidence", () => {
    const change = second(
      must,
      free,
      judgement({ AC1: "met" }, [finding({ id: "f1", severity: "info", evidence: "gone" })]),
    );
    expect(change.after.findings.get("f1")).toMatchObject({ status: "resolved", resolution: "gone" });
  });

  test("a free finding that is named again stands, with what was said last", () => {
    const change = second(
      must,
      free,
      judgement({ AC1: "met" }, [finding({ id: "f1", severity: "warning" })]),
    );
    expect(openFindings(change.after)).toMatchObject([{ id: "f1", severity: "warning" }]);
    expect(change.after.head.cycle).toBe(1);
  });

  test("a free finding that is not named again is settled when every must is met", () => {
    const met = second(must, free, judgement({ AC1: "met" }));
    expect(openFindings(met.after)).toEqual([]);
    const unmet = second(must, free, judgement({ AC1: "unmet" }));
    expect(openFindings(unmet.after).map((one) => one.id)).toEqual(["f1", "f2"]);
  });

  test.each([
    ["info first", ["info", "blocking"]],
    ["blocking first", ["blocking", "info"]],
  ] as const)("of two words on one finding the worse counts (%s)", (_order, severities) => {
    const words = severities.map((severity) => finding({ id: "f1", severity }));
    const change = second(must, free, judgement({ AC1: "met" }, words));
    expect(openFindings(change.after)).toMatchObject([{ id: "f1", severity: "blocking" }]);
    expect(change.after.head.cycle).toBe(2);
  });

  test("the verdict on the criterion leads: met settles its finding, unless that is shown again", () => {
    const again = finding({ id: "f1", criterion: "AC1" });
    const said = second(must, tied, judgement({ AC1: "met" }, [{ ...again, citations: [] }]));
    expect(openFindings(said.after)).toEqual([]);
    const shown = second(must, tied, judgement({ AC1: "met" }, [again]));
    expect(openFindings(shown.after)).toMatchObject([{ id: "f1", severity: "blocking" }]);
    expect(shown.after.head.cycle).toBe(2);
  });

  test("a finding told again word for word without its id is the same finding", () => {
    const again = judgement({ AC1: "met" }, [{ ...finding({ criterion: null }), id: null }]);
    const { after } = second({ AC1: "must" }, again, again);
    expect([...after.findings.values()]).toMatchObject([{ id: "f1", status: "open" }]);
    expect(after.head.cycle).toBe(2);
  });

  test.each([
    ["the same", finding({ id: "f1" }), { id: "f1", raised_in_cycle: 0 }],
    [
      "something else",
      finding({ id: "f1", description: "It is too loud." }),
      { id: "f3", raised_in_cycle: 2 },
    ],
  ])("the id of a settled finding opens it again for %s, by what is said", (_what, told, expected) => {
    const later = [finding({ id: "f1", severity: "info" }), finding({ description: "another" })];
    const specification = given(
      repaired(must, free),
      (driver) =>
        void driver.complete("qa:1", { kind: "role", role: "qa", output: judgement({ AC1: "met" }, later) }),
      designed({ again: [] }, 2),
      implemented("again", ["greet.js"]),
      begun("qa:2"),
    );
    const output = judgement({ AC1: "met" }, [told, finding({ id: "f2", severity: "info" })]);
    const { after } = specification.when(completionOf("qa:2", "qa", output)).change;
    expect(openFindings(after)).toMatchObject([expected]);
    expect(after.findings.get("f1")?.status).toBe(expected.id === "f1" ? "open" : "resolved");
    expect(after.head.status).toBe("failed");
  });
});
