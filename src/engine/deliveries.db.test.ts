import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";

import { byOrdinal, newestDelivery } from "../core/workflow/state.ts";
import { type DeliveryAction, type DeliveryContext, DeliveryError } from "../ports/delivery-action.ts";
import { work } from "./testing/plausible-answers.testsuite.ts";
import { saying } from "./testing/scripted-model.testsuite.ts";
import {
  openTestEngine,
  PERSON,
  STORES,
  type TestEngine,
  type TestEngineOptions,
} from "./testing/test-engine.testsuite.ts";

const TOKEN = "tok-5f3a9c1e77b24d08";

/** A place outside that takes letters; the next ones can be refused. */
class Office {
  readonly taken: DeliveryContext[] = [];
  readonly refusals: DeliveryError[] = [];
  readonly action: DeliveryAction<{ token?: string | undefined }> = {
    name: "letter",
    description: "Sends a letter to an office that keeps it.",
    outward: true,
    semantics: "keyed",
    config: z.strictObject({ token: z.string().optional(), to: z.string().optional() }),
    deliver: async ({ token }, context) => {
      const value = token === undefined ? "" : await context.secret(token);
      const refusal = this.refusals.shift();
      if (refusal) throw new DeliveryError(`${refusal.message}${value}`, refusal);
      this.taken.push(context);
      return { action: "letter", links: [`https://office.example/${this.taken.length}`], metadata: [] };
    },
    preview: () => Promise.resolve({ target: "the office", effects: ["a letter is sent"] }),
  };
}

const LETTER = { action: "letter", config: {} };

let engine: TestEngine;
let office: Office;
afterEach(() => engine.close());

async function open(options: TestEngineOptions = {}): Promise<void> {
  office = new Office();
  engine = await openTestEngine({
    workflow: { outward_delivery: "allow" },
    ...options,
    deliveryActions: [office.action],
  });
}

const modelCalls = async (id: string): Promise<number> => (await engine.tenant.listModelCalls(id)).length;

describe.each(STORES)("a delivery that has failed, on %s", (store) => {
  test("keeps the work, and is made again without any call of a model", async () => {
    await open({ store });
    office.refusals.push(new DeliveryError("The office is closed for good."));
    const id = await engine.create({ delivery: LETTER });
    expect(await engine.parked(id)).toEqual({
      reason: "delivery_failed",
      message: "The office is closed for good.",
    });
    const asked = engine.model.requestsPerStep(id);
    const { version } = (await engine.state(id)).head;
    await engine.engine.deliver(PERSON, id, null);
    const state = await engine.closed(id, version);
    expect(state.head.status).toBe("completed");
    expect(newestDelivery(state)).toMatchObject({
      id: "d2",
      action: "letter",
      status: "delivered",
      attempts: 1,
    });
    // The Refiner looks back once, whatever became of the delivery.
    expect(engine.model.requestsPerStep(id)).toEqual({ ...asked, "refiner:1": 1 });
    expect(office.taken).toHaveLength(1);
  });

  test("goes to another place from a workflow that is over, exactly as it was judged", async () => {
    await open({ store });
    const id = await engine.run({ delivery: LETTER });
    const calls = await modelCalls(id);
    const { version } = (await engine.state(id)).head;
    await engine.engine.deliver(PERSON, id, { action: "directory", config: {} });
    const state = await engine.closed(id, version);
    expect(state.head.status).toBe("completed");
    expect(byOrdinal(state.deliveries.values()).map(({ action, status }) => `${action} ${status}`)).toEqual([
      "letter delivered",
      "directory delivered",
    ]);
    expect(await modelCalls(id)).toBe(calls);
    const [letter] = office.taken;
    for (const { path, hash: judged } of letter?.artifacts ?? []) {
      const written = await readFile(join(engine.directory, "deliveries", id, path), "utf8");
      expect(hash("sha256", written, "hex")).toBe(judged);
    }
    expect(newestDelivery(state)?.tree_hash).toBe(letter?.tree_hash);
  });
});

test("what passes by itself is tried again, after as long as the other side asked for", async () => {
  await open();
  const away = new DeliveryError("The office is away.", { temporary: true, retry_after_ms: 90_000 });
  office.refusals.push(away, away);
  const id = await engine.create({ delivery: LETTER });
  await engine.reached(id, "step.failed", "delivery");
  const { available_at } =
    (await engine.state(id)).head.open_steps.find((step) => step.id === "delivery") ?? {};
  expect(Date.parse(available_at ?? "") - engine.clock.now().getTime()).toBeGreaterThanOrEqual(90_000);
  expect(newestDelivery(await engine.state(id))).toMatchObject({
    status: "pending",
    message: "The office is away.",
  });
  engine.clock.advance(200_000);
  const [first] = await failures(id, 2);
  expect(first).toBe("delivery_unavailable");
  engine.clock.advance(600_000);
  expect((await engine.closed(id)).head.status).toBe("completed");
  expect(newestDelivery(await engine.state(id))).toMatchObject({ attempts: 3, status: "delivered" });
});

async function failures(id: string, count: number): Promise<string[]> {
  let seen: string[] = [];
  let after = 0;
  while (seen.length < count) {
    const event = await engine.reached(id, "step.failed", "delivery", after);
    after = event.seq;
    if (event.type === "step.failed") seen = [...seen, event.payload.code];
  }
  return seen;
}

describe("outward deliveries", () => {
  test("wait for a person unless the scope says otherwise", async () => {
    await open({ workflow: {} });
    const id = await engine.create({ delivery: LETTER });
    expect(await engine.parked(id)).toMatchObject({
      reason: expect.stringMatching(/delivery|approval/) as string,
    });
    expect((await engine.state(id)).head.status).toBe("awaiting_approval");
    expect(office.taken).toEqual([]);
  });

  test("are refused at the door where the scope does not allow the action", async () => {
    await open({ workflow: { delivery_actions: ["directory"] } });
    await expect(engine.create({ delivery: LETTER })).rejects.toMatchObject({ code: "delivery_not_allowed" });
    const id = await engine.run();
    expect(newestDelivery(await engine.state(id))).toMatchObject({
      action: "directory",
      status: "delivered",
    });
    await expect(engine.engine.deliver(PERSON, id, LETTER)).rejects.toMatchObject({
      code: "delivery_not_allowed",
    });
  });

  test("with a literal token are refused, and the token is not repeated", async () => {
    await open();
    const token = `ghp_${"a1B2".repeat(9)}`;
    const refusal: unknown = await engine
      .create({ delivery: { action: "letter", config: { token } } })
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "invalid_delivery_config" });
    expect(JSON.stringify([refusal, (refusal as Error).message, engine.logged])).not.toContain(token);
  });

  test("do not leave with a secret in them", async () => {
    await open();
    const [artifact] = work("a").artifacts;
    if (artifact === undefined) throw new Error("the plausible work is empty");
    // As the preset knows it: 40 random characters behind the prefix of a GitHub token.
    const leaked = "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";
    const leaking = { ...work("a"), artifacts: [{ ...artifact, content: `const token = "${leaked}";\n` }] };
    engine.model.next("task:a", saying(leaking));
    const id = await engine.create({ delivery: LETTER });
    const { reason, message } = await engine.parked(id);
    expect(reason).toBe("delivery_failed");
    expect(message).toMatch(/looks like a secret: .+ line 1/);
    expect(message).not.toContain(leaked);
    expect(office.taken).toEqual([]);
    await expect(engine.engine.previewDelivery(PERSON, id, LETTER)).rejects.toMatchObject({
      code: "delivery_refused",
    });
  });
});

describe("a secret that a delivery uses", () => {
  const SECRET = { action: "letter", config: { token: "secret://LETTER_TOKEN" } };

  test("is nowhere in what is kept, even when the other side repeats it", async () => {
    await open({ secrets: { key: "5a".repeat(32) } });
    await engine.app.secrets.store.set(PERSON.tenant_id, "LETTER_TOKEN", TOKEN);
    office.refusals.push(new DeliveryError("The office does not know "));
    const id = await engine.create({ delivery: SECRET });
    expect((await engine.parked(id)).message).toBe("The office does not know [secret LETTER_TOKEN]");
    const kept = await everything(id);
    expect(kept).toContain("secret://LETTER_TOKEN");
    expect(kept).not.toContain(TOKEN);
  });

  test("that is nowhere is refused before anything is spent, with the field and how to set it", async () => {
    await open();
    await expect(engine.create({ delivery: SECRET })).rejects.toMatchObject({
      code: "invalid_delivery_config",
      details: [
        {
          pointer: "/delivery/config/token",
          detail: expect.stringContaining("orca secrets set LETTER_TOKEN") as string,
        },
      ],
    });
  });

  test("that is taken away meanwhile parks the delivery", async () => {
    await open({ secrets: { key: "5a".repeat(32) } });
    const { store } = engine.app.secrets;
    await store.set(PERSON.tenant_id, "LETTER_TOKEN", TOKEN);
    const held = engine.model.hold("qa:0");
    const id = await engine.create({ delivery: SECRET });
    await held.arrived;
    await store.delete(PERSON.tenant_id, "LETTER_TOKEN");
    held.release();
    expect(await engine.parked(id)).toMatchObject({ reason: "delivery_failed" });
  });
});

async function everything(id: string): Promise<string> {
  const [events, steps] = await Promise.all([engine.events(id), engine.tenant.listToolCalls(id, "delivery")]);
  return JSON.stringify([events, steps, engine.logged]);
}

test("doing without completes the workflow", async () => {
  await open();
  office.refusals.push(new DeliveryError("No."));
  const id = await engine.create({ delivery: LETTER });
  await engine.parked(id);
  await engine.engine.skipDelivery(PERSON, id, "It is here already.");
  const state = await engine.closed(id);
  expect(state.head.status).toBe("completed");
  expect(newestDelivery(state)).toMatchObject({ status: "skipped", message: "It is here already." });
});

test("a preview sends nothing and needs no request", async () => {
  await open();
  const id = await engine.run({ delivery: LETTER });
  const sent = office.taken.length;
  expect(await engine.engine.previewDelivery(PERSON, id, null)).toMatchObject({
    action: "letter",
    target: "the office",
    effects: ["a letter is sent"],
  });
  expect(office.taken).toHaveLength(sent);
});
