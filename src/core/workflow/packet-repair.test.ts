import { describe, expect, test } from "vitest";

import { compactPacket } from "./compact-packet.ts";
import { buildPacket, type HandoffPacket, neededContents } from "./packet.ts";
import { openStep, type WorkflowState } from "./state.ts";
import { design, finding, imported, judgement, ran, tasks, work } from "./testing/role-outputs.testsuite.ts";
import {
  begun,
  contracted,
  directed,
  done,
  given,
  givenCreatedAs,
  implemented,
  type Move,
  passed,
  planned,
  validated,
  worked,
} from "./testing/specification.testsuite.ts";
import { creation, type WorkflowDriver } from "./testing/workflow-driver.testsuite.ts";

function packetOf(state: WorkflowState, stepId: string, diff: string | null = null): HandoffPacket {
  const step = openStep(state, stepId);
  if (!step?.role) throw new Error(`${stepId} is not open`);
  const surroundings = { models: [], default_model: "", contents: new Map(), diff };
  return buildPacket(state, { ...step, role: step.role }, surroundings);
}

function read(driver: WorkflowDriver, stepId: string): string[] {
  const step = openStep(driver.state, stepId);
  return step ? neededContents(driver.state, step).map(({ path, revision }) => `${path}@${revision}`) : [];
}

/** A repair in two tasks, one for each of two files and what was found in it. */
const repaired: readonly Move[] = [
  planned({ one: [], two: [], three: [] }),
  implemented("one", ["one.js"]),
  implemented("two", ["two.js"]),
  implemented("three", ["three.js"]),
  passed(0, {
    receipts: [
      ran({ name: "node: lint", status: "failed" }),
      ran({ name: "go: test", status: "unavailable" }),
    ],
    output: judgement({ AC1: "met" }, [
      finding({ component: "one.js", description: "It is silent." }),
      finding({ component: "two.js", description: "It is loud." }),
    ]),
  }),
  done("architect:1", "architect", repair()),
];

function repair() {
  return design(tasks({ mend: [], whole: [] }, { mend: ["one.js"] }));
}

describe("a repair", () => {
  const { driver } = given(...repaired, begun("task:mend"), begun("task:whole"));

  test("gives a task the findings about what it writes and what fails, not those of others", () => {
    const { findings } = packetOf(driver.state, "task:mend");
    expect(findings.map(({ component }) => component)).toEqual(["one.js", "node: lint"]);
    expect(read(driver, "task:mend")).toEqual(["one.js@1"]);
  });

  test("gives a task that names nothing all of them, and all that was made", () => {
    const { findings } = packetOf(driver.state, "task:whole");
    expect(findings.map(({ component }) => component)).toEqual(["one.js", "two.js", "node: lint"]);
    expect(read(driver, "task:whole")).toEqual(["one.js@1", "two.js@1", "three.js@1"]);
  });

  test("gives the Architect the findings that are for models, the receipts that led to it and the diff", () => {
    const specification = given(...repaired.slice(0, -1), begun("architect:1"));
    const packet = packetOf(specification.driver.state, "architect:1", "--- a/one.js");
    expect(packet.findings.map(({ component }) => component)).not.toContain("go: test");
    expect(packet.choices.open_findings).toHaveLength(3);
    expect(packet).toMatchObject({ diff: "--- a/one.js", cycle: 1 });
    expect(packet.receipts.map(({ cycle }) => cycle)).toEqual([0, 0]);
  });

  test("gives QA the receipts of its cycle alone", () => {
    const mended: readonly Move[] = [implemented("mend", ["one.js"]), implemented("whole", ["two.js"])];
    const again = given(...repaired, ...mended, validated(1, [ran()]), begun("qa:1"));
    expect(packetOf(again.driver.state, "qa:1").receipts.map(({ id }) => id)).toEqual(["r3"]);
  });
});

describe("what a task builds on", () => {
  test("is what those it depends on wrote, as it is when the task begins, whoever rewrote it", () => {
    const moves = [
      planned({ a: [], b: [], c: ["a"] }),
      implemented("a", ["a.js"]),
      implemented("b", ["a.js"]),
    ];
    const { driver } = given(...moves, begun("task:c"));
    expect(read(driver, "task:c")).toEqual(["a.js@2"]);
  });

  test("is what it says it writes, where that is there", () => {
    const output = design(tasks({ a: [], b: ["a"] }, { b: ["lib/"] }));
    const moves = [directed, contracted, done("architect:0", "architect", output)];
    const { driver } = given(...moves, implemented("a", ["lib/x.js", "y.js"]), begun("task:b"));
    expect(read(driver, "task:b")).toEqual(["lib/x.js@1", "y.js@1"]);
  });

  test("leaves out what is deleted", () => {
    const { driver } = given(
      planned({ a: [], b: ["a"], c: ["a", "b"] }),
      implemented("a", ["a.js", "b.js"]),
      done("task:b", "implementer", work(["c.js"], "x", ["a.js"])),
      begun("task:c"),
    );
    expect(read(driver, "task:c")).toEqual(["b.js@1", "c.js@1"]);
    expect(packetOf(driver.state, "task:c").tree).toEqual(["b.js", "c.js"]);
  });
});

describe("an imported tree", () => {
  const settings = { ...creation().settings, workspace: { repo: "/srv/greeter", ref: null, path: null } };
  const files = ["AGENTS.md", "README.md", "src/a.js", "src/b.js", "docs/README.md"];
  const importing: Move = (driver) => {
    driver.start("workspace");
    driver.complete("workspace", { kind: "tree", tree: imported(files) });
  };

  test("shows its guides to every role, and the rest by path", () => {
    const { driver } = givenCreatedAs({ settings }, importing, begun("director"));
    const packet = packetOf(driver.state, "director");
    expect(packet.artifacts.map(({ path }) => path)).toEqual(["AGENTS.md", "README.md"]);
    expect(packet.tree).toEqual(files.toSorted());
    expect(packet.imported).toMatchObject({ commit: "c0ffee", files: 5 });
  });

  test("shows a task its guides as they were when it began", () => {
    const { driver } = givenCreatedAs({ settings }, importing, planned({ a: [], b: [] }), begun("task:a"));
    done("task:b", "implementer", work(["AGENTS.md"], "second"))(driver);
    expect(read(driver, "task:a")).toEqual(["AGENTS.md@1", "README.md@1"]);
  });

  test("shows QA what the workflow has made of it", () => {
    const moves = [importing, planned(), done("task:greet", "implementer", work(["src/a.js"]))];
    const { driver } = givenCreatedAs({ settings }, ...moves, begun("qa:0"));
    expect(read(driver, "qa:0")).toEqual(["AGENTS.md@1", "README.md@1", "src/a.js@2"]);
  });
});

describe("a packet for a small context", () => {
  test("keeps the ends of what was printed and of the diff, and not every path", () => {
    const long = "x".repeat(20_000);
    const paths = Array.from({ length: 600 }, (_, index) => `f${index}.js`);
    const moves = [
      planned(),
      implemented("greet", paths),
      validated(0, [ran({ output_tail: `${long}end` })]),
    ];
    const { driver } = given(...moves, begun("qa:0"));
    const packet = compactPacket(packetOf(driver.state, "qa:0", `${long}last`));
    expect(packet.receipts[0]?.output_tail).toMatch(/left out to fit.*end$/s);
    expect(packet.receipts[0]?.output_tail.length).toBeLessThan(800);
    expect(packet.diff).toMatch(/last$/);
    expect(packet.diff?.length).toBeLessThan(13_000);
    expect(packet.tree).toHaveLength(500);
  });
});

test("waivers stand in the order of their ids, however the state was built", () => {
  const ids = Array.from({ length: 20 }, (_, index) => `AC${index + 1}`);
  const levels = Object.fromEntries(ids.map((id) => [id, "must" as const]));
  const { driver } = given(worked(levels));
  for (const id of ids.toReversed()) driver.must({ type: "waive", what: "criterion", id, reason: "Enough." });
  begun("qa:0")(driver);
  expect(packetOf(driver.state, "qa:0").waivers.map(({ id }) => id)).toEqual(ids.toSorted());
});
