import { afterEach, expect, test } from "vitest";

import { ScriptedModel, failing } from "./testing/scripted-model.testsuite.ts";
import { openTestEngine, type TestEngine } from "./testing/test-engine.testsuite.ts";

let engine: TestEngine;
afterEach(() => engine.close());

async function withFallback(): Promise<{ readonly main: ScriptedModel; readonly spare: ScriptedModel }> {
  const [main, spare] = [new ScriptedModel("main", ["large"]), new ScriptedModel("spare", ["small"])];
  engine = await openTestEngine({
    providers: [main, spare],
    workflow: { default_model: "main/large", fallback_models: ["spare/small"] },
  });
  return { main, spare };
}

test("a model that can't be had is replaced along the chain, and the journal says so", async () => {
  const { main, spare } = await withFallback();
  main.next("architect:0", failing("credit", "no credit is left"));
  const id = await engine.run();
  expect((await engine.state(id)).head.status).toBe("completed");
  expect(main.requestsPerStep(id)["architect:0"]).toBe(1);
  expect(spare.of(id)).toMatchObject([{ step_id: "architect:0", attempt: 1, call: 2 }]);
  const substituted = (await engine.events(id)).filter((event) => event.type === "model.substituted");
  expect(substituted.filter((event) => event.step_id === "architect:0").slice(-1)).toMatchObject([
    { payload: { asked: "main/large", used: "spare/small", reason: "no credit is left" } },
  ]);
});

test("the next step asks the chosen model first again", async () => {
  const { main, spare } = await withFallback();
  main.next("director", failing("timeout", "silence"));
  const id = await engine.run();
  expect(Object.keys(spare.requestsPerStep(id))).toEqual(["director"]);
  expect(main.requestsPerStep(id)["project_manager"]).toBe(1);
});

test("when nobody of the chain can act, the workflow waits with the reason of the last", async () => {
  const { main, spare } = await withFallback();
  main.next("director", failing("auth", "the key of main is wrong"));
  spare.next("director", failing("auth", "the key of spare is wrong"));
  const id = await engine.create();
  expect(await engine.parked(id)).toEqual({ reason: "provider_auth", message: "the key of spare is wrong" });
});

test("a pinned model is never replaced", async () => {
  const { main, spare } = await withFallback();
  main.next("director", failing("auth", "the key is wrong"));
  const id = await engine.create({ model: "main/large" });
  expect((await engine.parked(id)).reason).toBe("provider_auth");
  expect(spare.of(id)).toEqual([]);
});
