import { expect, test } from "vitest";

import { FAILURE_CODES } from "../core/failure-policy.ts";
import { isTerminal } from "../core/workflow/state.ts";
import { judgement, plausibleAnswers, work } from "./testing/plausible-answers.testsuite.ts";
import { failing, type ModelCall, type Reaction } from "./testing/scripted-model.testsuite.ts";
import { openTestEngine, PERSON, type TestEngine } from "./testing/test-engine.testsuite.ts";
import { unreachable } from "./testing/troubled-storage.testsuite.ts";

const WORKFLOWS = 20;
const MODEL_CODES = FAILURE_CODES.slice(0, FAILURE_CODES.indexOf("delivery_failed"));

/** Mulberry32: the same seed, the same luck. */
function luckOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One request in four goes wrong, each in its own way. */
function unreliable(luck: () => number): Reaction {
  const plausible = plausibleAnswers({ blocks: () => luck() < 0.3 });
  return (call: ModelCall) => {
    const fate = luck();
    if (fate < 0.1) {
      const code = MODEL_CODES[Math.floor(luck() * MODEL_CODES.length)] ?? "network";
      return failing(code, `${code} by chance`, luck() < 0.3 ? 4_000 : null)(call);
    }
    if (fate < 0.14) return "no JSON at all";
    if (fate < 0.16) return { ...judgement("met"), ...work("a") };
    if (fate < 0.18) throw new TypeError("a defect by chance");
    return plausible(call);
  };
}

function loadStore(engine: TestEngine, luck: () => number): void {
  engine.store.loses = () => luck() < 0.02;
  engine.store.beforeCommit = () => {
    if (luck() < 0.02) throw unreachable();
  };
}

/** Closed, or waiting for a person with nothing of it running. */
async function ended(engine: TestEngine, id: string): Promise<boolean> {
  const { closed, status, open_steps } = (await engine.state(id)).head;
  return closed || (status === "paused" && open_steps.every((step) => step.status === "queued"));
}

async function allEnded(engine: TestEngine, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    while (!(await ended(engine, id))) {
      const { version } = (await engine.state(id)).head;
      if (!(await ended(engine, id))) await engine.event(id, () => true, version);
    }
  }
}

async function insist<T>(wish: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await wish();
    } catch (error) {
      if ((error as Error).name !== "StorageError") throw error;
    }
  }
}

test.each([1, 37, Date.now() % 1_000_000])(
  "seed %i: whatever fails, every workflow closes or says what it waits for, and its journal is sound",
  async (seed) => {
    const luck = luckOf(seed);
    let engine = await openTestEngine({ max_concurrent_workflows: 7, random: luck });
    engine.model.answers = unreliable(luck);
    engine.clock.fly();
    loadStore(engine, luck);
    const ids = Array.from({ length: WORKFLOWS }, (_, index) => `wf_${seed}_${index}`);
    const input = { request: "Write.", title: null, mode: null, provider: null, model: null };
    const rest = {
      max_qa_retries: 1,
      budget: null,
      delivery: null,
      workspace: null,
      gates: null,
      tools: null,
      scope_id: null,
    };
    await Promise.all(ids.map((id) => insist(() => engine.engine.create(PERSON, { ...input, ...rest }, id))));
    for (const id of ids.slice(0, 3)) await insist(() => engine.engine.pause(PERSON, id)).catch(() => null);
    await allEnded(engine, ids.slice(0, 8));
    engine = await engine.crash();
    loadStore(engine, luck);
    await allEnded(engine, ids);

    for (const id of ids) {
      const { head } = await engine.state(id);
      expect(isTerminal(head.status) ? head.closed : head.waiting?.reason).toBeTruthy();
      expect(head.status === "failed" ? head.error?.code : true).toBeTruthy();
      const { folded, stored, numbers } = await engine.journal(id);
      expect(folded).toEqual(stored);
      expect(numbers).toEqual(numbers.map((_number, index) => index + 1));
    }
    await engine.close();
  },
);
