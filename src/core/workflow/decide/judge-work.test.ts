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
} from "../testing/specification.testsuite.ts";

type Levels = Parameters<typeof contract>[0];

function builtFor(levels: Levels): Move {
  return (driver) => {
    directed(driver);
    done("project_manager", "project_manager", contract(levels))(driver);
    designed({ greet: [] })(driver);
    implemented("greet")(driver);
  };
}

/** A first pass with this judgement, and everything of its repair up to QA. */
function repaired(levels: Levels, first: ReturnType<typeof judgement>): Move {
  return (driver) => {
    builtFor(levels)(driver);
    judged(0, first)(driver);
    designed({ mend: [] }, 1)(driver);
    implemented("mend", ["greet.js"])(driver);
    driver.start("qa:1");
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
    output.criteria.push({ id: "AC1", verdict: "unmet", evidence: "second look" });
    const change = given(builtFor({ AC1: "must" }), begun("qa:0")).when(
      completionOf("qa:0", "qa", output),
    ).change;
    expect(change.after.criteria.get("AC1")).toMatchObject({ verdict: "unmet", evidence: "second look" });
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

  test("the last allowed repair ends in repair_exhausted with the findings named", () => {
    const specification = given(repaired({ AC1: "must" }, judgement({ AC1: "unmet" })));
    const { driver } = specification;
    driver.state = { ...driver.state, head: { ...driver.state.head, max_qa_retries: 1 } };
    const change = specification.when(completionOf("qa:1", "qa", judgement({ AC1: "unmet" }))).change;
    expect(change.events.at(-1)).toMatchObject({
      type: "state.transition",
      payload: { to: "failed", reason: "repair_exhausted", message: expect.stringContaining("f1") },
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

  test("the verdict on the criterion leads: met settles its finding whatever is said of it", () => {
    const change = second(must, tied, judgement({ AC1: "met" }, [finding({ id: "f1", criterion: "AC1" })]));
    expect(openFindings(change.after)).toEqual([]);
  });

  test("a finding told again word for word without its id is the same finding", () => {
    const again = judgement({ AC1: "met" }, [{ ...finding({ criterion: null }), id: null }]);
    const { after } = second({ AC1: "must" }, again, again);
    expect([...after.findings.values()]).toMatchObject([{ id: "f1", status: "open" }]);
    expect(after.head.cycle).toBe(2);
  });

  test("the id of a settled finding names a new one", () => {
    const specification = given(
      repaired(must, free),
      (driver) =>
        void driver.complete("qa:1", {
          kind: "role",
          role: "qa",
          output: judgement({ AC1: "met" }, [
            finding({ id: "f1", severity: "info" }),
            finding({ description: "another" }),
          ]),
        }),
      designed({ again: [] }, 2),
      implemented("again", ["greet.js"]),
      begun("qa:2"),
    );
    const change = specification.when(
      completionOf(
        "qa:2",
        "qa",
        judgement({ AC1: "met" }, [finding({ id: "f1" }), finding({ id: "f2", severity: "info" })]),
      ),
    ).change;
    expect(openFindings(change.after)).toMatchObject([{ id: "f3", raised_in_cycle: 2 }]);
    expect(change.after.findings.get("f1")?.status).toBe("resolved");
    expect(change.after.head.status).toBe("failed");
  });
});
