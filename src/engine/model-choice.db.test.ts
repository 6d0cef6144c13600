import { afterEach, describe, expect, test } from "vitest";

import { OrcaError } from "../core/orca-error.ts";
import { newestDelivery } from "../core/workflow/state.ts";
import { ModelError } from "../ports/chat-model.ts";
import { plausibleAnswers } from "./testing/plausible-answers.testsuite.ts";
import { ScriptedModel } from "./testing/scripted-model.testsuite.ts";
import {
  openTestEngine,
  PERSON,
  type TestEngine,
  type TestEngineOptions,
} from "./testing/test-engine.testsuite.ts";

const RESUME = { max_qa_retries: null, budget: null, outcome: null, pinned: null };

let engine: TestEngine;
afterEach(() => engine.close());

/** Two providers, `fake` and `other`; models by role as they were asked, as provider/model. */
async function openTwo(
  options: TestEngineOptions = {},
): Promise<{ fake: ScriptedModel; other: ScriptedModel }> {
  const fake = new ScriptedModel("fake");
  const other = new ScriptedModel("other", ["mini", "maxi"]);
  engine = await openTestEngine({ providers: [fake, other], ...options });
  return { fake, other };
}

async function modelsByRole(id: string): Promise<Record<string, string[]>> {
  const calls = await engine.tenant.listModelCalls(id);
  const byRole = Object.groupBy(calls, (call) => call.role);
  return Object.fromEntries(
    Object.entries(byRole).map(([role, asked]) => [
      role,
      [...new Set(asked.map((call) => `${call.provider}/${call.model_asked}`))],
    ]),
  );
}

async function refusal(refused: Promise<unknown>): Promise<{ code: string; pointers: string[] }> {
  try {
    await refused;
  } catch (error) {
    if (error instanceof OrcaError) {
      return { code: error.code, pointers: error.details.map(({ pointer }) => pointer) };
    }
    throw error;
  }
  return { code: "not refused", pointers: [] };
}

async function events(id: string, type: string): Promise<unknown[]> {
  return (await engine.events(id)).filter((event) => event.type === type).map((event) => event.payload);
}

function down(): Promise<never> {
  return Promise.reject(new ModelError("network", "connection refused"));
}

describe("without a model", () => {
  test("a request is kept, and the message says how to connect one; once there is one, resume runs it", async () => {
    engine = await openTestEngine({ providers: [], workflow: { default_model: null } });
    const id = await engine.create();
    const { reason, message } = await engine.parked(id);
    expect((await engine.events(id)).map((event) => event.type)).toEqual([
      "workflow.created",
      "state.transition",
    ]);
    expect(reason).toBe("no_model");
    expect(message).toContain("OPENAI_API_KEY");
    expect(await refusal(engine.engine.resume(PERSON, id, RESUME))).toMatchObject({ code: "no_model" });
    expect((await engine.state(id)).head.status).toBe("paused");

    engine = await engine.restart({ providers: [new ScriptedModel()] });
    expect((await engine.state(id)).head.status).toBe("paused");
    await engine.engine.resume(PERSON, id, RESUME);
    expect((await engine.closed(id)).head.status).toBe("completed");
  });

  test("that is configured the first that a provider names is taken", async () => {
    const { other } = await openTwo({ workflow: { default_model: null } });
    const id = await engine.run();
    expect(new Set(Object.values(await modelsByRole(id)).flat())).toEqual(new Set(["fake/small"]));
    expect(other.calls).toEqual([]);
  });

  test("of its name, a configured default parks and says so", async () => {
    engine = await openTestEngine({ workflow: { default_model: "gone/small" } });
    const id = await engine.create();
    expect(await engine.parked(id)).toMatchObject({
      reason: "no_model",
      message: expect.stringContaining("There is no provider for the default model gone/small.") as string,
    });
  });
});

describe("the Director", () => {
  test("chooses the model of every role but its own", async () => {
    const { fake, other } = await openTwo();
    const role_models = [
      { role: "qa" as const, model: "other/maxi" },
      { role: "director" as const, model: "other/mini" },
    ];
    fake.answers = plausibleAnswers({ brief: { model: "fake/large", role_models } });
    const id = await engine.run();
    expect(await modelsByRole(id)).toEqual({
      director: ["fake/small"],
      project_manager: ["fake/large"],
      architect: ["fake/large"],
      implementer: ["fake/large"],
      qa: ["other/maxi"],
      finalizer: ["fake/large"],
      refiner: ["fake/large"],
    });
    expect(other.calls.map((call) => call.step_id)).toEqual(["qa:0"]);
    expect(await events(id, "model.substituted")).toEqual([]);
  });

  test("is offered what the providers name, and told which is the default", async () => {
    const { fake } = await openTwo();
    await engine.run();
    const [asked] = fake.calls;
    for (const reference of ["fake/small", "fake/large", "other/mini", "other/maxi"]) {
      expect(JSON.stringify(asked?.request.schema)).toContain(reference);
    }
    expect(JSON.stringify(asked?.request.messages[0])).toContain("`fake/small` (default)");
  });

  test("that names an unknown model gets the default, and the journal says so", async () => {
    const { fake } = await openTwo();
    fake.answers = plausibleAnswers({
      brief: { model: "fake/huge", role_models: [{ role: "qa", model: "ghost/x" }] },
    });
    const id = await engine.run();
    expect(new Set(Object.values(await modelsByRole(id)).flat())).toEqual(new Set(["fake/small"]));
    const substituted = await events(id, "model.substituted");
    expect(substituted).toHaveLength(8);
    expect(substituted).toContainEqual({
      asked: "ghost/x",
      used: "fake/small",
      reason: "ghost/x is not in the catalogue of any configured provider",
    });
  });

  test("is believed while a provider does not tell which models it has", async () => {
    const { fake, other } = await openTwo();
    other.models = down;
    fake.answers = plausibleAnswers({ brief: { role_models: [{ role: "qa", model: "other/maxi" }] } });
    const id = await engine.run();
    expect((await modelsByRole(id))["qa"]).toEqual(["other/maxi"]);
    expect(await events(id, "model.substituted")).toEqual([]);
  });

  test("can't choose a delivery that does not exist", async () => {
    const { fake } = await openTwo();
    fake.answers = plausibleAnswers({ brief: { finalizer_action: "pigeon" } });
    const id = await engine.run();
    expect(newestDelivery(await engine.state(id))).toMatchObject({
      status: "delivered",
      action: "doc-draft",
    });
    expect(await events(id, "contract.violated")).toMatchObject([
      { role: "director", fields: ["finalizer_action"] },
    ]);
    expect(fake.calls[0]?.request.schema).toMatchObject({
      properties: {
        finalizer_action: {
          enum: [
            "api-response",
            "artifact-bundle",
            "markdown-export",
            "blog-draft",
            "doc-draft",
            "directory",
          ],
        },
      },
    });
  });
});

describe("a pinned model", () => {
  test.each([
    ["provider and model", { provider: "other", model: "maxi" }],
    ["a model with its provider", { provider: null, model: "other/maxi" }],
    ["a model by its name alone", { provider: null, model: "maxi" }],
  ])("as %s acts for every role, whatever the Director says", async (_name, pin) => {
    const { fake, other } = await openTwo();
    other.answers = plausibleAnswers({ brief: { model: "fake/large" } });
    const id = await engine.run(pin);
    expect(new Set(Object.values(await modelsByRole(id)).flat())).toEqual(new Set(["other/maxi"]));
    expect(fake.calls).toEqual([]);
  });

  test("provider alone acts with a model of its own", async () => {
    const { fake } = await openTwo();
    const id = await engine.run({ provider: "other" });
    expect(new Set(Object.values(await modelsByRole(id)).flat())).toEqual(new Set(["other/mini"]));
    expect(fake.calls).toEqual([]);
  });

  test("provider that names no model now is waited for, never replaced", async () => {
    const { fake, other } = await openTwo();
    other.models = down;
    engine.clock.fly();
    const id = await engine.create({ provider: "other" });
    const { reason, message } = await engine.parked(id);
    expect(reason).toBe("provider_down");
    expect(message).toContain("other names no model");
    expect(fake.calls).toEqual([]);
    engine.clock.land();
    engine.clock.advance(60_000); // what was known of the catalogues is stale
    other.models = () => Promise.resolve([{ id: "mini", name: "mini", context_window: null }]);
    await engine.engine.resume(PERSON, id, RESUME);
    expect((await engine.closed(id)).head.status).toBe("completed");
    expect(fake.calls).toEqual([]);
  });

  test("can be changed by a resume", async () => {
    const { other } = await openTwo();
    const held = engine.app.providers[0] as ScriptedModel;
    const director = held.hold("director");
    const id = await engine.create();
    await director.arrived;
    await engine.engine.pause(PERSON, id);
    director.release();
    await engine.reached(id, "step.completed", "director");
    const pinned = { provider: "other", model: "maxi" };
    await engine.engine.resume(PERSON, id, { max_qa_retries: null, budget: null, outcome: null, pinned });
    await engine.closed(id);
    expect(other.calls.map((call) => call.role)).not.toContain("director");
    expect((await modelsByRole(id))["project_manager"]).toEqual(["other/maxi"]);
    expect(
      await refusal(
        engine.engine.resume(PERSON, id, {
          max_qa_retries: null,
          budget: null,
          outcome: null,
          pinned: { provider: "x", model: null },
        }),
      ),
    ).toEqual({
      code: "unknown_provider",
      pointers: ["/provider"],
    });
  });
});

describe("what can't work is refused before anything is written", () => {
  const REFUSED = [
    ["an unknown provider", { provider: "ghost" }, "unknown_provider", ["/provider"]],
    ["an unknown model", { provider: "other", model: "huge" }, "unknown_model", ["/model"]],
    ["a model of another provider", { provider: "other", model: "small" }, "unknown_model", ["/model"]],
    ["a model that nobody has", { model: "fake/huge" }, "unknown_model", ["/model"]],
    ["a model named almost like a provider", { model: "fakes" }, "unknown_model", ["/model"]],
    [
      "an unknown delivery",
      { delivery: { action: "pigeon", config: {} } },
      "unknown_delivery_action",
      ["/delivery/action"],
    ],
    [
      "a delivery with a wrong configuration",
      { delivery: { action: "directory", config: { path: 5 } } },
      "invalid_delivery_config",
      ["/delivery/config/path"],
    ],
  ] as const;

  test("whichever of these it is", async () => {
    await openTwo();
    for (const [what, input, code, pointers] of REFUSED) {
      expect([what, await refusal(engine.create(input))]).toEqual([what, { code, pointers }]);
    }
    expect(await engine.tenant.listWorkflows({ limit: 10, after: null, statuses: null })).toEqual([]);
  });

  test("but a model of a provider whose list can't be read now is believed", async () => {
    const { other } = await openTwo();
    other.models = down;
    const id = await engine.run({ provider: "other", model: "brand-new" });
    expect((await modelsByRole(id))["qa"]).toEqual(["other/brand-new"]);
  });
});
