import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { expect, test } from "vitest";

import { failing } from "./testing/scripted-model.testsuite.ts";
import { openTestEngine, PERSON, type TestEngine } from "./testing/test-engine.testsuite.ts";

async function expectForgotten(engine: TestEngine, ids: readonly string[]): Promise<void> {
  engine.store.loaded.length = 0;
  for (const id of ids) await engine.state(id);
  expect(engine.store.loaded).toEqual(ids); // what is in memory is not read again
}

test("of 200 workflows that are closed, parked or cancelled nothing stays in memory", async () => {
  const engine = await openTestEngine({ max_concurrent_workflows: 20 });
  engine.clock.fly();
  engine.model.answers = ((plausible) => (call) => {
    const number = Number(call.workflow_id.slice(-3));
    if (call.role === "qa" && number % 4 === 1) return failing("auth", "no key")(call);
    if (call.role === "qa" && number % 4 === 2) return failing("refusal", "no")(call);
    return plausible(call);
  })(engine.model.answers);

  const numbers = Array.from({ length: 200 }, (_, index) => index);
  const ids = numbers.map((number) => `wf_${String(number).padStart(3, "0")}`);
  const states: WeakRef<object>[] = [];
  await Promise.all(
    ids.map(async (id, number) => {
      await engine.engine.create(PERSON, { ...input, request: `Request ${number}.` }, id);
      if (number % 4 === 3) await engine.engine.cancel(PERSON, id);
      states.push(new WeakRef(await engine.state(id)));
      await (number % 4 === 1 ? engine.parked(id) : engine.closed(id));
    }),
  );
  engine.clock.land();
  for (const id of ids) if (Number(id.slice(-3)) % 4 === 1) await engine.engine.pause(PERSON, id);
  await expectForgotten(engine, ids);
  expect(engine.clock.waits).toEqual([]);
  engine.model.reset();

  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  await turn();
  collect();
  expect(states.filter((state) => state.deref() !== undefined)).toEqual([]);
  await engine.close();
});

const input = {
  request: "",
  title: null,
  mode: null,
  provider: null,
  model: null,
  max_qa_retries: null,
  budget: null,
  delivery: null,
  workspace: null,
  gates: null,
  tools: null,
  scope_id: null,
};
