import { setImmediate as turn } from "node:timers/promises";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { decide } from "../core/workflow/decide.ts";
import { evolve } from "../core/workflow/evolve.ts";
import { planCommit } from "../core/workflow/plan-commit.ts";
import { restoreState } from "../core/workflow/restore-state.ts";
import { StorageError } from "../ports/storage.ts";
import { failing } from "./testing/scripted-model.testsuite.ts";
import { openTestEngine, PERSON, REQUEST, type TestEngine } from "./testing/test-engine.testsuite.ts";
import { unreachable } from "./testing/troubled-storage.testsuite.ts";
import type { Wish } from "./workflow-session.ts";

const RESUME = { max_qa_retries: null, budget: null, outcome: null, pinned: null };
const EVERY_STEP = ["director", "project_manager", "architect:0", "task:a", "task:b", "task:c"];
const ONCE = Object.fromEntries([...EVERY_STEP, "qa:0", "finalizer", "refiner:1"].map((step) => [step, 1]));

let engine: TestEngine;
beforeEach(async () => {
  engine = await openTestEngine();
});
afterEach(() => engine.close());

async function expectSound(id: string): Promise<void> {
  const { folded, stored, numbers } = await engine.journal(id);
  expect(folded).toEqual(stored);
  expect(numbers).toEqual(numbers.map((_number, index) => index + 1));
}

/** Resolves when the workflow has to be read again. */
async function leftMemory(id: string): Promise<void> {
  const { length } = engine.store.loaded;
  while (engine.store.loaded.length === length) {
    await turn();
    await engine.state(id);
  }
}

/** Another process writes to the workflow, past the engine. */
async function writeAsStranger(id: string, wish: Wish): Promise<void> {
  const rows = await engine.tenant.loadWorkflow(id);
  if (rows === null) throw new Error(`${id} is not stored`);
  const before = restoreState(rows.head, rows.parts);
  const decided = decide(before, { ...wish, at: engine.clock.now().toISOString(), actor: "stranger" });
  if (!decided.ok) throw new Error(decided.error.message);
  const after = decided.value.reduce(evolve, before);
  const written = await engine.tenant.commit(
    planCommit({ before, after, events: decided.value, fences: [], blobs: [], messages: [], wake: null }),
  );
  expect(written).toEqual({ ok: true });
}

describe("while the store does not take commits", () => {
  test("what a step has brought is kept and written when it comes back; commands are refused meanwhile", async () => {
    const held = engine.model.hold("director");
    const id = await engine.create();
    await held.arrived;
    engine.store.writeOutage = unreachable();
    held.release();
    for (let second = 0; second < 5; second += 1) {
      await engine.clock.armed(1_000);
      engine.clock.advance(1_000);
    }
    await expect(engine.engine.pause(PERSON, id)).rejects.toBeInstanceOf(StorageError);
    await expect(engine.create()).rejects.toBeInstanceOf(StorageError);
    expect((await engine.state(id)).head.status).toBe("running");
    engine.store.writeOutage = null;
    engine.clock.fly();
    expect((await engine.closed(id)).head.status).toBe("completed");
    expect(engine.model.requestsPerStep(id)).toEqual(ONCE);
    const calls = await engine.tenant.listModelCalls(id);
    expect(calls.filter((call) => call.step_id === "director")).toHaveLength(1);
    await expectSound(id);
  });

  test("a workflow that was refused is not there, and may be sent again under its id", async () => {
    engine.store.writeOutage = unreachable();
    await expect(engine.engine.create(PERSON, REQUEST, "wf_again")).rejects.toBeInstanceOf(StorageError);
    engine.store.writeOutage = null;
    await expect(engine.state("wf_again")).rejects.toThrow("There is no workflow wf_again.");
    await engine.engine.create(PERSON, REQUEST, "wf_again");
    await engine.closed("wf_again");
    expect(engine.model.requestsPerStep("wf_again")).toEqual(ONCE);
  });

  test("a command that fails leaves the workflow as it was", async () => {
    engine.model.next("director", failing("auth", "no key"));
    const id = await engine.create();
    await engine.parked(id);
    engine.store.writeOutage = unreachable();
    await expect(engine.engine.resume(PERSON, id, RESUME)).rejects.toBeInstanceOf(StorageError);
    engine.store.writeOutage = null;
    engine.clock.fly();
    expect((await engine.state(id)).head.status).toBe("paused");
    await engine.engine.resume(PERSON, id, RESUME);
    expect((await engine.closed(id)).head.status).toBe("completed");
  });

  test("a workflow whose turn has come is tried once a second, not over and over", async () => {
    engine.model.next("director", failing("rate_limited", "slow down", 7_000));
    const id = await engine.create();
    await engine.clock.armed(7_000);
    engine.store.writeOutage = unreachable();
    engine.clock.advance(7_000);
    await engine.clock.armed(1_000);
    const refusals = engine.store.refusals;
    for (let second = 1; second <= 3; second += 1) {
      engine.clock.advance(1_000);
      await engine.clock.armed(1_000);
      expect(engine.store.refusals).toBe(refusals + second);
    }
    engine.store.writeOutage = null;
    engine.clock.fly();
    expect((await engine.closed(id)).head.status).toBe("completed");
  });

  test("a stop does not hang, and the next start goes on", async () => {
    const held = engine.model.hold("director");
    const id = await engine.create();
    await held.arrived;
    engine.store.outage = unreachable();
    held.release();
    await engine.clock.armed(1_000);
    await expect(engine.engine.pause(PERSON, id)).rejects.toBeInstanceOf(StorageError);
    engine = await engine.restart();
    expect((await engine.closed(id)).head.status).toBe("completed");
    await expectSound(id);
  });
});

test("while the store can't be read, a workflow whose turn has come is tried again", async () => {
  engine.model.next("director", failing("rate_limited", "slow down", 7_000));
  const id = await engine.create();
  await engine.clock.armed(7_000);
  await leftMemory(id);
  engine.store.outage = unreachable();
  engine.clock.advance(7_000);
  await engine.clock.armed(1_000);
  engine.store.outage = null;
  engine.clock.advance(1_000);
  expect((await engine.closed(id)).head.status).toBe("completed");
});

describe("when one commit goes wrong, whichever it is", () => {
  /** More than a workflow takes, so that the last of them goes right. */
  const NUMBERS = Array.from({ length: 32 }, (_, index) => index + 1);

  /** Says of the commits of one workflow which is the one of this number. */
  function nth(number: number): () => boolean {
    let seen = 0;
    return () => (seen += 1) === number;
  }

  /** By workflow: `wf_7` has trouble with its seventh commit. */
  function perWorkflow(offset = 0): (commit: { readonly workflow_id: string }) => boolean {
    const wrong = new Map(NUMBERS.map((number) => [`wf_${number}`, nth(number + offset)]));
    return ({ workflow_id }) => wrong.get(workflow_id)?.() ?? false;
  }

  /** Runs them all at once; resolves with whether each creation was answered. */
  async function runAll(): Promise<boolean[]> {
    engine.clock.fly();
    const taken = new Map<string, number>();
    const { beforeCommit } = engine.store;
    engine.store.beforeCommit = (commit) => {
      taken.set(commit.workflow_id, (taken.get(commit.workflow_id) ?? 0) + 1);
      return beforeCommit?.(commit);
    };
    const ids = NUMBERS.map((number) => `wf_${number}`);
    const answered = (id: string): Promise<boolean> =>
      engine.engine.create(PERSON, REQUEST, id).then(
        () => true,
        (error: unknown) => !(error instanceof StorageError),
      );
    const created = await Promise.all(ids.map(answered));
    for (const [index, id] of ids.entries()) {
      for (let stands = created[index]; stands === false;) stands = await answered(id);
      expect((await engine.closed(id)).head.status).toBe("completed");
      expect(engine.model.requestsPerStep(id)).toEqual(ONCE);
      expect(await engine.tenant.listModelCalls(id)).toHaveLength(9);
      await expectSound(id);
    }
    expect(taken.get(ids.at(-1) ?? "")).toBeLessThan(NUMBERS.length);
    return created;
  }

  test("its answer being lost costs no request and no event, and nothing stands still", async () => {
    engine.store.loses = perWorkflow();
    expect(await runAll()).toEqual(NUMBERS.map((number) => number > 1));
  });

  test("its refusal costs no request", async () => {
    const wrong = perWorkflow();
    engine.store.beforeCommit = (commit) => {
      if (wrong(commit)) throw unreachable();
    };
    expect(await runAll()).toEqual(NUMBERS.map((number) => number > 1));
  });

  test("its answer being lost and the next commit being refused costs no request either", async () => {
    engine.store.loses = perWorkflow();
    const next = perWorkflow(1);
    engine.store.beforeCommit = (commit) => {
      if (next(commit)) throw unreachable();
    };
    expect(await runAll()).toEqual(NUMBERS.map((number) => number > 1));
  });

  test("a creation whose answer is lost runs, whether it is sent again or not", async () => {
    engine.store.loses = nth(1);
    await expect(engine.engine.create(PERSON, REQUEST, "wf_alone")).rejects.toBeInstanceOf(StorageError);
    engine.clock.fly();
    expect((await engine.closed("wf_alone")).head.status).toBe("completed");
    expect(engine.model.requestsPerStep("wf_alone")).toEqual(ONCE);
  });

  test("a resume whose answer is lost goes on by itself", async () => {
    engine.model.next("director", failing("auth", "no key"));
    const id = await engine.create();
    await engine.parked(id);
    engine.store.loses = nth(1);
    await expect(engine.engine.resume(PERSON, id, RESUME)).rejects.toBeInstanceOf(StorageError);
    engine.clock.fly();
    expect((await engine.closed(id)).head.status).toBe("completed");
    expect(engine.model.requestsPerStep(id)["director"]).toBe(2);
  });

  test("a defect in between does not leave a step that runs for ever", async () => {
    engine.clock.fly();
    let defects = 2; // with what the step has recorded, and once more alone
    engine.store.beforeCommit = (commit) => {
      if (defects === 0 || !commit.events.some((event) => event.type === "document.written")) return;
      defects -= 1;
      throw new TypeError("undefined is not a function");
    };
    const id = await engine.create();
    expect((await engine.closed(id)).head.status).toBe("completed");
    expect((await engine.events(id)).filter((event) => event.type === "step.failed")).toHaveLength(1);
    expect(engine.model.requestsPerStep(id)["director"]).toBe(1);
    expect(engine.logged).toContainEqual(expect.objectContaining({ level: "error", step_id: "director" }));
  });
});

describe("when somebody else writes to the workflow", () => {
  test("a command is decided again on what is true now", async () => {
    const held = engine.model.hold("director");
    const id = await engine.create();
    await held.arrived;
    await writeAsStranger(id, { type: "workflow.pause", actor: "stranger" });
    const { head } = await engine.engine.pause(PERSON, id);
    expect(head.status).toBe("paused");
    expect((await engine.events(id)).at(-1)).toMatchObject({ seq: head.version, actor: "stranger" });
    await engine.engine.resume(PERSON, id, RESUME);
    held.release();
    expect((await engine.closed(id)).head.status).toBe("completed");
    expect(engine.model.requestsPerStep(id)["director"]).toBe(1);
    await expectSound(id);
  });

  test("the end of a step is decided again: a pause holds", async () => {
    const held = engine.model.hold("director");
    const id = await engine.create();
    await held.arrived;
    await writeAsStranger(id, { type: "workflow.pause", actor: "stranger" });
    held.release();
    await engine.reached(id, "step.completed", "director");
    expect((await engine.engine.pause(PERSON, id)).head.status).toBe("paused");
    expect(Object.keys(engine.model.requestsPerStep(id))).toEqual(["director"]);
    await expectSound(id);
  });

  test("a step whose workflow was cancelled is aborted and writes nothing", async () => {
    const [a, b] = [engine.model.hold("task:a"), engine.model.hold("task:b")];
    const id = await engine.create();
    const [, call] = await Promise.all([a.arrived, b.arrived]);
    await writeAsStranger(id, { type: "workflow.cancel", actor: "stranger" });
    a.release();
    await expect(engine.engine.pause(PERSON, id)).rejects.toThrow("The workflow is cancelled");
    while (call.outcome === null) await turn();
    expect(call.outcome).toBe("aborted");
    expect((await engine.events(id)).at(-1)).toMatchObject({ type: "workflow.closed", actor: "stranger" });
  });

  test("without end, a command gives up and says so", async () => {
    const held = engine.model.hold("director");
    const id = await engine.create();
    await held.arrived;
    let paused = false;
    let conflicts = 0;
    engine.store.beforeCommit = async () => {
      paused = !paused;
      conflicts += 1;
      const type = paused ? "workflow.pause" : "workflow.resume";
      await writeAsStranger(id, {
        type,
        actor: "stranger",
        max_qa_retries: null,
        budget: null,
        outcome: null,
        pinned: null,
      });
    };
    await expect(engine.engine.cancel(PERSON, id)).rejects.toThrow("is being changed by others too fast");
    engine.store.beforeCommit = null;
    expect(conflicts).toBeLessThan(50);
    held.release();
    await engine.engine.cancel(PERSON, id);
    await expectSound(id);
  });
});
