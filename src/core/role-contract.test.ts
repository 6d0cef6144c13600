import { describe, expect, test } from "vitest";

import type { Check } from "./check.ts";
import { foreignFields, reviewOutput } from "./role-contract.ts";
import { ROLE_NAMES, type RoleName } from "./role-name.ts";
import * as outputs from "./workflow/testing/role-outputs.testsuite.ts";
import { built, given, planned } from "./workflow/testing/specification.testsuite.ts";

const SOUND: Readonly<Record<RoleName, Readonly<Record<string, unknown>>>> = {
  director: outputs.brief(),
  project_manager: outputs.contract(),
  architect: outputs.design(),
  implementer: outputs.work(["a.js"]),
  qa: outputs.judgement(),
  finalizer: outputs.finalization(),
  refiner: outputs.assessment(),
};

const begun = given().driver.state;
const afterWork = given(built).driver.state;

describe("foreign fields", () => {
  test.each(ROLE_NAMES)("what %s says soundly has none and is accepted as it is", (role) => {
    expect(foreignFields(role, SOUND[role])).toEqual([]);
    expect(reviewOutput(begun, role, SOUND[role])).toMatchObject({
      value: SOUND[role],
      faults: [],
      foreign: [],
    });
  });

  const pairs = ROLE_NAMES.flatMap((role) =>
    ROLE_NAMES.filter((other) => other !== role).map((other) => [role, other] as const),
  );
  test.each(pairs)("%s does not get to say what belongs to %s", (role, other) => {
    const own = Object.keys(SOUND[role]);
    const others = Object.keys(SOUND[other]).filter((field) => field !== "summary" && !own.includes(field));
    expect(others).not.toEqual([]);
    const review = reviewOutput(begun, role, { ...SOUND[other], ...SOUND[role] });
    expect(review.foreign.toSorted()).toEqual(others.toSorted());
    expect(review.value).toEqual(SOUND[role]);
  });

  test("a field that nobody owns is dropped without a word", () => {
    const review = reviewOutput(begun, "qa", { ...SOUND.qa, chatter: "hm" });
    expect(review).toMatchObject({ foreign: [], faults: [] });
    expect(review.value).toEqual(SOUND.qa);
  });

  test("foreign fields are named even when the rest is unusable", () => {
    expect(reviewOutput(begun, "qa", { tasks: [] })).toMatchObject({ value: null, foreign: ["tasks"] });
  });
});

describe("faults of shape", () => {
  test.each(ROLE_NAMES)("an empty output of %s is unusable, field by field", (role) => {
    const review = reviewOutput(begun, role, {});
    expect(review.value).toBeNull();
    const expected = Object.keys(SOUND[role]).filter((field) => field !== "deleted");
    for (const field of expected) expect(review.faults.join("\n")).toMatch(new RegExp(`^${field}: `, "m"));
  });

  test("the place of a fault is its path", () => {
    const output = outputs.contract();
    const broken = { ...output, plan: { milestones: [{ ...output.plan.milestones[0], id: 7 }] } };
    expect(reviewOutput(begun, "project_manager", broken).faults[0]).toMatch(/^plan\.milestones\.0\.id: /);
  });
});

describe("the Project Manager's contract", () => {
  const sound = outputs.contract();

  test("names every criterion once", () => {
    const [criterion] = sound.constitution.acceptance_criteria;
    const twice = { ...sound.constitution, acceptance_criteria: [criterion, criterion] };
    expect(reviewOutput(begun, "project_manager", { ...sound, constitution: twice }).faults).toEqual([
      "acceptance criterion AC1 appears twice; every id is unique",
    ]);
  });

  test("refuses criteria of which none is a must", () => {
    const optional = outputs.contract({ AC1: "should", AC2: "should" });
    expect(reviewOutput(begun, "project_manager", optional).faults).toEqual([
      expect.stringMatching(/^no acceptance criterion is a must/),
    ]);
  });

  test.each([
    ["a command that can't fail", { command: "node --test || true" }, /can't fail: `node --test \|\| true`/],
    ["a command that can't pass", { command: "exit 1" }, /can't pass/],
    ["an expected failure that is certain", { command: "false", exit_code: 1 }, /can't fail/],
    ["output that is certain", { command: "echo ok", output_contains: "ok" }, /can't fail/],
  ])("refuses %s", (_what, over, fault) => {
    expect(faultsOfCheck({ ...outputs.command(), ...over })).toEqual([expect.stringMatching(fault)]);
  });

  test.each([
    ["a command", outputs.command("npm test && echo ok")],
    ["output that varies", { ...outputs.command("node greet.js | cat"), output_contains: "hello" }],
    ["a failure that is wanted", { ...outputs.command("node greet.js --bad"), exit_code: 2 }],
    ["a rubric", outputs.rubric],
    ["a file", file("docs/guide.md")],
    ["a request", http("/health")],
  ])("takes %s", (_what, check) => {
    expect(faultsOfCheck(check)).toEqual([]);
  });

  test.each([
    ["a file outside of the tree", file("../secret"), /names "\.\.\/secret"/],
    ["a request without its slash", http("health"), /begins with \//],
  ])("refuses %s", (_what, check, fault) => {
    expect(faultsOfCheck(check)).toEqual([expect.stringMatching(fault)]);
  });

  function faultsOfCheck(check: Check): readonly string[] {
    return reviewOutput(begun, "project_manager", outputs.contract({ AC1: "must" }, { AC1: check })).faults;
  }

  function file(path: string): Check {
    const nothing = { contains: [], headings: [], columns: [], sql: null, json_schema: null };
    return { kind: "file", path, ...nothing, min_words: null, max_words: null, min_rows: null };
  }

  function http(path: string): Check {
    const request = { method: "GET" as const, body: null, status: 200, body_contains: null };
    return { kind: "http", start: "node server.js", path, ...request };
  }

  test("has milestones that can be reached", () => {
    const milestone = { id: "M1", title: "", depends_on: ["M1", "M9"], done_when: "" };
    const output = { ...sound, plan: { milestones: [milestone] } };
    expect(reviewOutput(begun, "project_manager", output).faults).toEqual([
      "milestone M1 depends on M9, which does not exist",
      "milestones depend on each other in a circle: M1 -> M1",
    ]);
  });
});

describe("the Architect's tasks", () => {
  const state = given(planned()).driver.state;

  test.each(["", "With Space", "UPPER", "-first", "a".repeat(41), "task:x"])("can't be called %j", (key) => {
    const output = outputs.design(outputs.tasks({ [key]: [] }));
    expect(reviewOutput(begun, "architect", output).faults).toEqual([
      `task key ${key} is not 1 to 40 lower-case letters, digits and hyphens`,
    ]);
  });

  test("serve criteria that exist", () => {
    const [task] = outputs.tasks({ more: [] });
    const output = outputs.design([{ ...(task as NonNullable<typeof task>), criteria: ["AC1", "AC7"] }]);
    expect(reviewOutput(state, "architect", output).faults).toEqual([
      "task more names criterion AC7, which does not exist",
    ]);
  });

  test("build on tasks of earlier cycles, and never take their keys", () => {
    expect(
      reviewOutput(state, "architect", outputs.design(outputs.tasks({ more: ["greet"] }))).faults,
    ).toEqual([]);
    expect(reviewOutput(state, "architect", outputs.design(outputs.tasks({ greet: [] }))).faults).toEqual([
      "task greet exists already; choose a new key",
    ]);
  });
});

describe("the paths that a task says it writes", () => {
  const state = given(planned()).driver.state;

  test.each([
    ["src/a.js", []],
    ["src/", []],
    ["../up.js", [/writes "\.\.\/up\.js"/]],
    ["/etc/", [/a path is relative/]],
    ["", [/1 to 512/]],
  ])("%j", (path, faults) => {
    const output = outputs.design(outputs.tasks({ more: [] }, { more: [path] }));
    expect(reviewOutput(state, "architect", output).faults).toEqual(
      faults.map((fault) => expect.stringMatching(fault)),
    );
  });
});

describe("the Implementer's artifacts", () => {
  function faultsOf(...paths: string[]): readonly string[] {
    return reviewOutput(afterWork, "implementer", outputs.work(paths)).faults;
  }

  test("may be new, and may be revisions", () => {
    expect(faultsOf("greet.js", "lib/more.js")).toEqual([]);
  });

  test("have paths that stay inside", () => {
    expect(faultsOf("../up.js")).toEqual(['artifact path "../up.js": a path has no . or .. segment']);
  });

  test("appear once in one output", () => {
    expect(faultsOf("x.js", "x.js")).toEqual(["artifact x.js appears twice"]);
  });

  test("do not differ from each other or from earlier ones in case alone", () => {
    expect(faultsOf("x.js", "X.js")).toEqual([
      "artifact X.js differs from x.js only in case; use one spelling",
    ]);
    expect(faultsOf("Greet.js")).toEqual([
      "artifact Greet.js differs from greet.js only in case; use one spelling",
    ]);
    expect(faultsOf("caf\u00e9.md", "cafe\u0301.md")).toHaveLength(1);
  });

  test("do not lie below a file, written now or before, in either order", () => {
    const fault = "artifact docs/a.md lies below docs, which is a file; choose another path";
    expect(faultsOf("docs", "docs/a.md")).toEqual([fault]);
    expect(faultsOf("docs/a.md", "docs")).toEqual([fault]);
    expect(faultsOf("greet.js/deep/inner.js")).toEqual([
      "artifact greet.js/deep/inner.js lies below greet.js, which is a file; choose another path",
    ]);
    expect(faultsOf("docs/a.md", "docs.md", "doc")).toEqual([]);
  });
});

describe("QA's verdicts", () => {
  test("that are missing are asked for again, yet can be lived with", () => {
    const review = reviewOutput(afterWork, "qa", outputs.judgement({}));
    expect(review).toMatchObject({ faults: [], omissions: ["criteria has no verdict for AC1"] });
    expect(review.value).not.toBeNull();
  });

  test("that are all there leave nothing to ask", () => {
    expect(reviewOutput(afterWork, "qa", outputs.judgement()).omissions).toEqual([]);
  });
});
