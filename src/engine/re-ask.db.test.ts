import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import type { ImplementerOutput } from "../core/role-output.ts";
import {
  contract,
  design,
  judgement,
  plausibleAnswers,
  work,
} from "./testing/plausible-answers.testsuite.ts";
import { failing, type ModelCall, saying } from "./testing/scripted-model.testsuite.ts";
import { openTestEngine, PERSON, type TestEngine } from "./testing/test-engine.testsuite.ts";

const RESUME = { max_qa_retries: null, budget: null, outcome: null, pinned: null };

let engine: TestEngine;
beforeAll(async () => {
  engine = await openTestEngine();
});
afterAll(() => engine.close());
afterEach(() => engine.model.reset());

function callsOf(id: string, stepId: string): ModelCall[] {
  return engine.model.of(id).filter((call) => call.step_id === stepId);
}

/** The problems that the journal says were asked about, request by request. */
async function reasked(id: string, stepId: string): Promise<string[][]> {
  return (await engine.events(id)).flatMap((event) =>
    event.type === "model.reasked" && event.step_id === stepId ? [[...event.payload.problems]] : [],
  );
}

async function violations(id: string): Promise<{ fields: string[]; dropped: boolean }[]> {
  return (await engine.events(id)).flatMap((event) =>
    event.type === "contract.violated"
      ? [{ fields: [...event.payload.fields], dropped: event.payload.problem.endsWith("dropped") }]
      : [],
  );
}

function fileAt(path: string): ImplementerOutput {
  return work("a", path);
}

const twoSpellings = {
  ...fileAt("notes/A.txt"),
  artifacts: [...fileAt("notes/A.txt").artifacts, ...fileAt("notes/a.TXT").artifacts],
};

describe("an unusable answer is asked for again with what is wrong", () => {
  test.each([
    ["no JSON", "project_manager", "I think that…", "the answer is not one JSON object"],
    ["a list", "project_manager", [contract()], "the answer is not one JSON object"],
    ["a missing field", "project_manager", { ...contract(), plan: undefined }, "plan: "],
    ["a wrong type", "finalizer", { delivery_notes: 7, summary: "" }, "delivery_notes: "],
    [
      "a criterion twice",
      "project_manager",
      contract(["AC1", "AC1"]),
      "acceptance criterion AC1 appears twice; every id is unique",
    ],
    [
      "an unknown dependency",
      "architect:0",
      design({ a: ["ghost"] }),
      "task a depends on ghost, which does not exist",
    ],
    [
      "a circle of tasks",
      "architect:0",
      design({ a: ["b"], b: ["a"] }),
      "tasks depend on each other in a circle: a -> b -> a",
    ],
    [
      "an unknown criterion",
      "architect:0",
      design({ a: [] }, ["AC9"]),
      "task a names criterion AC9, which does not exist",
    ],
    ["a bad task key", "architect:0", design({ "Über Task": [] }), "task key Über Task is not 1 to 40"],
    [
      "a path out of the tree",
      "task:a",
      fileAt("../../etc/passwd"),
      'artifact path "../../etc/passwd": a path has no . or .. segment',
    ],
    ["an absolute path", "task:a", fileAt("/etc/passwd"), "a path is relative"],
    ["a NUL in a path", "task:a", fileAt("a\0.txt"), "a path has no control characters"],
    [
      "two spellings of a path",
      "task:a",
      twoSpellings,
      "artifact notes/a.TXT differs from notes/A.txt only in case; use one spelling",
    ],
  ])("%s", async (_name, stepId, bad, problem) => {
    engine.model.next(stepId, saying(bad));
    const id = await engine.run();
    expect((await engine.state(id)).head.status).toBe("completed");
    const [first, second, ...more] = callsOf(id, stepId);
    expect(more).toEqual([]);
    expect(second?.attempt).toBe(1);
    expect([first?.call, second?.call]).toEqual([1, 2]);

    const [question, answer, correction] = second?.request.messages ?? [];
    expect(question).toEqual(first?.request.messages[0]);
    expect(answer).toEqual({
      role: "assistant",
      content: typeof bad === "string" ? bad : JSON.stringify(bad),
    });
    expect(JSON.stringify(correction)).toContain(JSON.stringify(problem).slice(1, -1));
    expect((await reasked(id, stepId)).flat().join("\n")).toContain(problem);
    const calls = (await engine.tenant.listModelCalls(id)).filter((call) => call.step_id === stepId);
    expect(calls.map((call) => call.ordinal)).toEqual([1, 2]);
    expect(new Set(calls.map((call) => call.request_hash)).size).toBe(2);
  });

  test("at most twice; then the workflow fails and says why", async () => {
    engine.model.next(
      "architect:0",
      saying(design({ a: ["b"] })),
      saying("no"),
      saying(design({ a: ["c"] })),
    );
    const id = await engine.run();
    const { head } = await engine.state(id);
    expect(head).toMatchObject({
      status: "failed",
      error: { code: "invalid_output", step_id: "architect:0" },
    });
    expect(head.error?.message).toBe(
      "architect answered 3 times against its contract: task a depends on c, which does not exist",
    );
    expect(callsOf(id, "architect:0")).toHaveLength(3);
    expect(await reasked(id, "architect:0")).toEqual([
      ["task a depends on b, which does not exist"],
      ['the answer is not one JSON object; it begins with "no"'],
    ]);
    const contents = callsOf(id, "architect:0")
      .at(-1)
      ?.request.messages.map((message) => ("content" in message ? message.content : null));
    expect(contents).toHaveLength(5);
    expect(contents?.[3]).toBe("no");
  });

  test("as often as the workflow allows, and not at all when it allows none", async () => {
    const own = await openTestEngine({ workflow: { max_reasks: 0 } });
    own.model.next("finalizer", saying("no"));
    const id = await own.run();
    expect((await own.state(id)).head.error?.code).toBe("invalid_output");
    expect(own.model.requestsPerStep(id)["finalizer"]).toBe(1);
    await own.close();
  });

  test("a file that two tasks spell differently is asked for again from the one that comes later", async () => {
    const held = engine.model.hold("task:a");
    engine.model.next("task:b", saying(work("b", "docs/Readme.md")));
    const id = await engine.create();
    await held.arrived;
    await engine.reached(id, "step.completed", "task:b");
    engine.model.answers = (call) =>
      call.step_id === "task:a" && call.call === 1 ? work("a", "docs/README.md") : plausibleAnswers()(call);
    held.release();
    await engine.closed(id);
    expect(await reasked(id, "task:a")).toEqual([
      ["artifact docs/README.md differs from docs/Readme.md only in case; use one spelling"],
    ]);
    expect((await engine.state(id)).head.status).toBe("completed");
  });
});

test("answers that broke the contract are not served again, whatever has failed since", async () => {
  const bad = saying({ nonsense: true });
  engine.model.next("director", bad, bad, bad);
  const id = await engine.create();
  await engine.closed(id);
  engine.model.next("director", failing("network", "a blip", 1_000));
  const { head } = await engine.engine.resume(PERSON, id, RESUME);
  await engine.clock.armed(1_000);
  engine.clock.advance(1_000);
  expect((await engine.closed(id, head.version)).head.status).toBe("completed");
  expect((await engine.events(id)).filter((event) => event.type === "model.replayed")).toEqual([]);
});

describe("what belongs to another role", () => {
  const overstepping = { ...judgement("met"), artifacts: work("a").artifacts };

  test("is refused, journaled and asked for again", async () => {
    engine.model.next("qa:0", saying(overstepping));
    const id = await engine.run();
    expect(await violations(id)).toEqual([{ fields: ["artifacts"], dropped: false }]);
    expect(await reasked(id, "qa:0")).toEqual([["artifacts is not yours to write; leave it out"]]);
    expect(callsOf(id, "qa:0")).toHaveLength(2);
    expect((await engine.state(id)).artifacts.size).toBe(3);
  });

  test("is dropped when it comes again and again, and the rest of the answer counts", async () => {
    engine.model.next("qa:0", ...[1, 2, 3].map(() => saying(overstepping)));
    const id = await engine.run();
    const state = await engine.state(id);
    expect(state.head.status).toBe("completed");
    expect(await violations(id)).toEqual([
      { fields: ["artifacts"], dropped: false },
      { fields: ["artifacts"], dropped: false },
      { fields: ["artifacts"], dropped: true },
    ]);
    expect(state.artifacts.size).toBe(3);
    expect(state.criteria.get("AC1")?.verdict).toBe("met");
  });
});

describe("a verdict that QA leaves out", () => {
  const silent = { ...judgement("met"), criteria: [] };

  test("is asked for", async () => {
    engine.model.next("qa:0", saying(silent));
    const id = await engine.run();
    expect(await reasked(id, "qa:0")).toEqual([["criteria has no verdict for AC1"]]);
    expect((await engine.state(id)).head).toMatchObject({ status: "completed", cycle: 0 });
  });

  test("counts as unknown when it never comes, and what must hold is repaired", async () => {
    engine.model.next("qa:0", ...[1, 2, 3].map(() => saying(silent)));
    const id = await engine.run();
    const state = await engine.state(id);
    expect(state.head).toMatchObject({ status: "completed", cycle: 1 });
    expect([...state.findings.values()]).toMatchObject([{ raised_by: "core", criterion: "AC1" }]);
    expect(callsOf(id, "qa:0")).toHaveLength(3);
  });
});

test("an answer in a fence, and one without its nullable fields, are taken as they are meant", async () => {
  const { findings: _none, ...verdict } = judgement("met");
  const finding = { severity: "info", component: "a", description: "", recommendation: "", evidence: "" };
  const fenced = `Here it is:\n\`\`\`json\n${JSON.stringify({ ...verdict, findings: [finding] }, null, 2)}\n\`\`\`\n`;
  engine.model.next("qa:0", saying(fenced));
  const id = await engine.run();
  expect(callsOf(id, "qa:0")).toHaveLength(1);
  expect([...(await engine.state(id)).findings.values()]).toMatchObject([{ criterion: null }]);
});
