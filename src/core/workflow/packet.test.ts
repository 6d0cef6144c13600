import { describe, expect, test } from "vitest";

import type { RoleName } from "../role-name.ts";
import { buildPacket, type HandoffPacket, neededContents, type PacketStep } from "./packet.ts";
import type { WorkflowState } from "./state.ts";
import { contract, finding, imported, judgement } from "./testing/role-outputs.testsuite.ts";
import {
  begun,
  delivered,
  designed,
  directed,
  done,
  failed,
  finalized,
  given,
  givenCreatedAs,
  implemented,
  judged,
  planned,
} from "./testing/specification.testsuite.ts";
import { creation } from "./testing/workflow-driver.testsuite.ts";

function stepOf(
  role: RoleName | null,
  task_id: string | null = null,
  { cycle = 0, ...known }: Partial<PacketStep> = {},
): PacketStep {
  const kind = task_id === null ? "role" : "task";
  return { id: "any", kind, role, task_id, cycle, ...known };
}

function contentsFor(state: WorkflowState, step: PacketStep): string[] {
  return neededContents(state, step).map((artifact) => `${artifact.path}@${artifact.revision}`);
}

/** Three tasks, the second of which rewrites what the first wrote. */
const threeTasks = [
  planned({ base: [], more: ["base"], alone: [] }),
  implemented("base", ["base.js", "shared.js"]),
  implemented("more", ["more.js", "shared.js"]),
];
const first = given(...threeTasks).driver.state;
const repair = given(
  ...threeTasks,
  implemented("alone", ["alone.js"]),
  judged(0, judgement({ AC1: "unmet" })),
  designed({ mend: [] }, 1),
).driver.state;

describe("contents that a role reads", () => {
  test.each(["director", "project_manager", "finalizer", "refiner", null] as const)(
    "%s reads none",
    (role) => {
      expect(contentsFor(repair, stepOf(role))).toEqual([]);
    },
  );

  test("QA reads the newest revision of every path", () => {
    expect(contentsFor(first, stepOf("qa"))).toEqual(["base.js@1", "more.js@1", "shared.js@2"]);
  });

  test("the Architect reads them in a repair only", () => {
    expect(contentsFor(first, stepOf("architect"))).toEqual([]);
    expect(contentsFor(repair, stepOf("architect", null, { cycle: 1 }))).toHaveLength(4);
  });

  test("the Implementer reads what the tasks it depends on wrote, as they left it", () => {
    const more = ["base.js@1", "shared.js@1"];
    expect(contentsFor(first, stepOf("implementer", "more", { base: 2 }))).toEqual(more);
    expect(contentsFor(first, stepOf("implementer", "more"))).toEqual(["base.js@1", "shared.js@2"]);
    expect(contentsFor(first, stepOf("implementer", "alone"))).toEqual([]);
    expect(contentsFor(first, stepOf("implementer", "nobody"))).toEqual([]);
    expect(contentsFor(first, stepOf("implementer"))).toEqual([]);
  });

  test("the Implementer reads in a repair the tree as its step found it", () => {
    const found = ["base.js@1", "more.js@1", "shared.js@2", "alone.js@1"];
    expect(contentsFor(repair, stepOf("implementer", "mend", { cycle: 1 }))).toEqual(found);
    const driver = given(
      ...threeTasks,
      implemented("alone", ["alone.js"]),
      judged(0, judgement({ AC1: "unmet" })),
      designed({ mend: [], extend: ["mend"], apart: [] }, 1),
      implemented("mend", ["shared.js"]),
    ).driver;
    const { state } = driver;
    expect(contentsFor(state, stepOf("implementer", "apart", { cycle: 1, base: 5 }))).toEqual(found);
    expect(contentsFor(state, stepOf("implementer", "extend", { cycle: 1 }))).toContain("shared.js@3");
  });
});

describe("a packet", () => {
  function packetOf(state: WorkflowState, role: RoleName, task_id: string | null = null): HandoffPacket {
    const contents = new Map([["hash-of-base.js-first", "the base"]]);
    const surroundings = {
      models: ["acme/large"],
      default_model: "acme/large",
      contents,
    };
    return buildPacket(state, { ...stepOf(role, task_id, { base: 3 }), role }, surroundings);
  }

  test("of a new workflow has the request and nulls", () => {
    expect(packetOf(given().driver.state, "director")).toMatchObject({
      workflow_id: "w1",
      request: "Write a program that greets.",
      title: "Write a program that greets.",
      mode: null,
      mode_is_given: false,
      title_is_given: false,
      brief: null,
      constitution: null,
      design: null,
      finalization: null,
      task: null,
      tasks: [],
      artifacts: [],
      error: null,
      choices: { criteria: [], task_keys: [], open_findings: [], models: ["acme/large"] },
    });
  });

  test("says what the caller has fixed", () => {
    const delivery = { action: "directory", config: {} };
    const settings = { ...creation().settings, given_title: "Mine", given_mode: "docs" as const, delivery };
    expect(packetOf(givenCreatedAs({ settings }, directed).driver.state, "qa")).toMatchObject({
      title: "Mine",
      title_is_given: true,
      mode: "docs",
      mode_is_given: true,
      choices: { delivery_actions: ["directory"] },
    });
  });

  test("lists every artifact, with content only where the role reads it", () => {
    const ofQa = packetOf(first, "qa").artifacts;
    expect(ofQa.map(({ path, content }) => [path, content])).toEqual([
      ["base.js", "the base"],
      ["more.js", null],
      ["shared.js", null],
    ]);
    expect(packetOf(first, "finalizer").artifacts.map(({ content }) => content)).toEqual([null, null, null]);
  });

  test("of a Finalizer lists what was made of an imported tree, not what was there", () => {
    const workspace = { repo: "/srv/greeter", ref: null, path: null };
    const { state } = givenCreatedAs({ settings: { ...creation().settings, workspace } }, (driver) => {
      driver.start("workspace");
      driver.complete("workspace", { kind: "tree", tree: imported(["AGENTS.md", "old.js"]) });
      [planned(), implemented("greet", ["old.js", "new.js"])].forEach((move) => move(driver));
    }).driver;
    const shown = packetOf(state, "finalizer").artifacts.map(({ path, content }) => [path, content]);
    expect(shown).toEqual([
      ["old.js", null],
      ["new.js", null],
    ]);
  });

  test("of an Implementer has its own task, all tasks, and the artifacts it builds on", () => {
    const { artifacts, task, tasks } = packetOf(first, "implementer", "more");
    expect(artifacts.map(({ path, revision }) => [path, revision])).toEqual([
      ["base.js", 1],
      ["shared.js", 1],
    ]);
    expect(task?.id).toBe("more");
    expect(tasks.map((one) => one.id)).toEqual(["base", "more", "alone"]);
  });

  test("gives the values that references may take", () => {
    const state = given(planned(), implemented("greet"), judged(0, judgement({ AC1: "unmet" }, [finding()])))
      .driver.state;
    expect(packetOf(state, "architect").choices).toMatchObject({
      criteria: ["AC1"],
      task_keys: ["greet"],
      open_findings: ["f1", "f2"],
    });
  });

  test("has verdicts in the order of the contract, however the state was built", () => {
    const levels = Object.fromEntries(
      Array.from({ length: 30 }, (_, index) => [`AC${index + 1}`, "must" as const]),
    );
    const verdicts = Object.fromEntries(
      Object.keys(levels)
        .toReversed()
        .map((id) => [id, "met" as const]),
    );
    const moves = [
      directed,
      done("project_manager", "project_manager", contract(levels)),
      designed({ greet: [] }),
    ];
    const { state } = given(...moves, implemented("greet"), judged(0, judgement(verdicts))).driver;
    expect(packetOf(state, "finalizer").criteria.map((one) => one.id)).toEqual(Object.keys(levels));
  });

  test("has summaries in the order of the pipeline, the delivery, and why the workflow failed", () => {
    const ended = given(planned(), implemented("greet"), judged(0), finalized, delivered).driver.state;
    const packet = packetOf(ended, "refiner");
    expect(packet.summaries.map((one) => one.role)).toEqual([
      "director",
      "project_manager",
      "architect",
      "qa",
      "finalizer",
    ]);
    expect(packet).toMatchObject({ status: "completed", delivery: { status: "delivered" } });
    const stopped = given(failed("director", "refusal"), begun("refiner:1")).driver.state;
    expect(packetOf(stopped, "refiner").error).toEqual({ code: "refusal", message: "it was refusal" });
  });
});
