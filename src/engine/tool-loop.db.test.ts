import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { WorkflowEvent } from "../core/workflow/events.ts";
import { plausibleAnswers, work } from "./testing/plausible-answers.testsuite.ts";
import { calling, saying } from "./testing/scripted-model.testsuite.ts";
import { openTestEngine, type TestEngine } from "./testing/test-engine.testsuite.ts";

let engine: TestEngine;
beforeEach(async () => {
  engine = await openTestEngine({ sandbox: "unsafe" });
  engine.model.answers = plausibleAnswers({ graph: { a: [] } });
});
afterEach(() => engine.close());

const written = { artifacts: [], deleted: [], summary: "Wrote it with the tools." };

function toolEvents(events: readonly WorkflowEvent[]) {
  return events.flatMap((event) =>
    event.type === "tool.called" && event.step_id === "task:a" ? [event.payload] : [],
  );
}

/** What the model was answered to its calls, in the last request of the step. */
function answersTo(id: string, step: string) {
  const last = engine.model.of(id).findLast((call) => call.step_id === step);
  return (last?.request.messages ?? []).flatMap((message) =>
    message.role === "tool" ? message.answers.map(({ content, is_error }) => ({ content, is_error })) : [],
  );
}

async function contentOf(id: string, path: string): Promise<string | null> {
  const state = await engine.state(id);
  const artifact = [...state.latest_artifacts.values()].find((one) => one.path === path);
  return artifact && !artifact.deleted ? engine.tenant.readBlob(artifact.hash) : null;
}

describe("the Implementer writes with tools", () => {
  test("and answers in the same conversation", async () => {
    engine.model.next(
      "task:a",
      calling(["write_file", { path: "a.txt", content: "hello from a\n" }], ["list_files", {}]),
      calling(["edit_file", { path: "a.txt", old_text: "hello", new_text: "good morning" }]),
      calling(["read_file", { path: "a.txt" }]),
      saying(written),
    );
    const id = await engine.run();
    expect((await engine.state(id)).head.status).toBe("completed");
    expect(await contentOf(id, "a.txt")).toBe("good morning from a\n");
    expect(answersTo(id, "task:a").map(({ content }) => content)).toEqual([
      "Wrote a.txt, 2 lines.",
      "a.txt",
      "Edited a.txt.",
      "1\tgood morning from a\n2\t",
    ]);
    expect(toolEvents(await engine.events(id)).map(({ tool, ordinal }) => [tool, ordinal])).toEqual([
      ["write_file", 1],
      ["list_files", 2],
      ["edit_file", 3],
      ["read_file", 4],
    ]);
    const calls = (await engine.tenant.listModelCalls(id)).filter((call) => call.step_id === "task:a");
    expect(calls.map((call) => call.finish_reason)).toEqual([
      "tool-calls",
      "tool-calls",
      "tool-calls",
      "stop",
    ]);
  });

  test("and what goes wrong is told to the model, and spoils nothing", async () => {
    engine.model.next(
      "task:a",
      calling(
        ["write_file", { path: "../a.txt", content: "" }],
        ["write_file", { path: "a.txt" }],
        ["write_file", "{not json"],
        ["unheard_of", {}],
        ["edit_file", { path: "a.txt", old_text: "x", new_text: "y" }],
        ["delete_file", { path: "b.txt" }],
      ),
      saying(work("a")),
    );
    const id = await engine.run();
    expect((await engine.state(id)).head.status).toBe("completed");
    const answers = answersTo(id, "task:a");
    expect(answers.map(({ is_error }) => is_error)).toEqual(Array(6).fill(true));
    expect(answers.map(({ content }) => content).join("\n")).toMatch(
      /a path has no \. or \.\. segment[\s\S]*content: [\s\S]*are not JSON[\s\S]*There is no tool unheard_of[\s\S]*There is no file "a\.txt"[\s\S]*There is no file "b\.txt"/,
    );
  });

  test("a killed server asks again only for what had no answer, and writes the same", async () => {
    engine.model.next("task:a", calling(["write_file", { path: "a.txt", content: "hello from a\n" }]));
    const held = engine.model.hold("task:a");
    engine.model.next("task:a", saying(written));
    const id = await engine.create();
    await held.arrived;
    engine = await engine.crash();
    await engine.closed(id);
    expect(await contentOf(id, "a.txt")).toBe("hello from a\n");
    expect(engine.model.requestsPerStep(id)["task:a"]).toBe(3);
    const replayed = (await engine.events(id)).filter((event) => event.type === "model.replayed");
    expect(replayed).toHaveLength(1);
  });

  test("rounds have an end", async () => {
    await engine.close();
    engine = await openTestEngine({ workflow: { max_tool_rounds: 1 } });
    engine.model.next("task:a", ...Array.from({ length: 4 }, () => calling(["list_files", {}])));
    const id = await engine.run();
    expect((await engine.state(id)).head.error).toMatchObject({ code: "invalid_output", step_id: "task:a" });
    expect(answersTo(id, "task:a").at(-1)?.content).toBe(
      "You have used all your tool calls. Give your answer now.",
    );
  });
});

describe("commands", () => {
  test("run on the tree as it is, and what they leave is kept", async () => {
    engine.model.next(
      "task:a",
      calling(["write_file", { path: "a.txt", content: "hello from a\n" }]),
      calling(["run_command", { command: "tr a-z A-Z < a.txt > b.txt; echo done; exit 3" }]),
      saying(written),
    );
    const id = await engine.run();
    expect(await contentOf(id, "b.txt")).toBe("HELLO FROM A\n");
    expect(answersTo(id, "task:a").at(-1)?.content).toBe("Exit code 3.\nChanged: b.txt\ndone\n");
  });

  test("are not run again by the next attempt", async () => {
    engine.model.next("task:a", calling(["run_command", { command: "date +%N > a.txt; cat a.txt" }]));
    const held = engine.model.hold("task:a");
    engine.model.next("task:a", saying(written));
    const id = await engine.create();
    const [told] = (await held.arrived).request.messages.flatMap((message) =>
      message.role === "tool" ? message.answers : [],
    );
    engine = await engine.crash();
    await engine.closed(id);
    const content = await contentOf(id, "a.txt");
    expect(content).toMatch(/^\d+\n$/);
    expect(told?.content).toContain(content?.trim());
  });

  test("a claim that rests on one is believed, and one that rests on nothing is not", async () => {
    const summary = "Wrote a.txt. All tests pass. Pushed it to origin.";
    engine.model.next("task:a", saying({ ...work("a"), summary }));
    const id = await engine.run();
    const claims = (await engine.events(id)).flatMap((event) =>
      event.type === "claim.unsupported" ? [event.payload.claim] : [],
    );
    expect(claims).toEqual(["tests", "delivered"]);
    const state = await engine.state(id);
    expect(state.tasks.get("a")?.summary).toBe("Wrote a.txt.");
  });
});

test("roles that only read are given nothing to write or run with", async () => {
  const id = await engine.run();
  const offered = (step: string): string[] =>
    engine.model
      .of(id)
      .find((call) => call.step_id === step)
      ?.request.tools.map(({ name }) => name) ?? [];
  expect(offered("qa:0")).toEqual(["list_files", "read_file", "search_files", "read_artifact"]);
  expect(offered("director")).toEqual([]);
  expect(offered("finalizer")).toEqual([]);
  expect(offered("task:a")).toContain("run_command");
});
