import type { StepResult } from "../../src/core/workflow/commands.ts";
import type { ModelCallRow } from "../../src/core/workflow/commit.ts";
import { eventRow } from "../../src/core/workflow/event-row.ts";
import { next } from "../../src/core/workflow/next.ts";
import type { StepSpec } from "../../src/core/workflow/state.ts";
import { creation, WorkflowDriver } from "../../src/core/workflow/testing/workflow-driver.testsuite.ts";
import { Chance } from "./chance.ts";
import { hashOf, type WorkflowEvidence } from "./evidence.ts";
import type { RefereeRecord, Request } from "./referee.ts";
import { digestsOf } from "./resuming-client.ts";
import { seededAnswer } from "./seeded-answers.ts";

type Said = { readonly artifacts?: readonly { readonly path: string; readonly content: string }[] };

const ID = creation().id;
const HASHES = {
  request_hash: "request",
  prompt_hash: "prompt",
  packet_hash: "packet",
  config_hash: "config",
};

/** What a checker would get of a workflow whose every promise was kept, though its process was killed now and then. */
export function soundEvidence(seed: string): WorkflowEvidence {
  const { driver, referee, contents } = new Recording(seed);
  const { events } = driver;
  const frames = events.map((event) => ({
    seq: event.seq,
    at: Date.parse(event.occurred_at),
    ...digestsOf(event.type, JSON.stringify(eventRow(ID, event))),
  }));
  const middle = Math.floor(frames.length / 2);
  const delivered = [...driver.state.latest_artifacts.values()].map(
    ({ path, hash }) => [path, contents.get(hash) ?? ""] as const,
  );
  return {
    id: ID,
    accepted: { key: "key", id: ID, tenant: "north", directory: "/delivered", provider: null },
    stored: { head: driver.stored.head, parts: driver.stored.parts },
    events,
    steps: [...driver.stored.steps.values()],
    modelCalls: rowsOf(driver.commits.flatMap((commit) => commit.model_calls)),
    contents,
    delivered: new Map(delivered),
    referee,
    transcripts: [
      {
        workflow: ID,
        connections: [
          { after: 0, instance_id: "node-1", opened_at: 0, frames: frames.slice(0, middle + 3) },
          { after: middle, instance_id: "node-1", opened_at: 0, frames: frames.slice(middle) },
        ],
      },
    ],
  };
}

/** The newest row of every call. */
function rowsOf(written: readonly ModelCallRow[]): ModelCallRow[] {
  return [...new Map(written.map((row) => [`${row.step_id}#${row.attempt}/${row.ordinal}`, row])).values()];
}

/** Nothing of these workflows is run, so there is nothing to tell of it. */
function resultOf({ id, kind }: StepSpec): StepResult {
  if (kind === "validation") return { kind, receipts: [] };
  if (kind === "delivery") return { kind, receipt: { action: "directory", links: [], metadata: [] } };
  throw new Error(`the recording has no ${id}`);
}

/** Drives one workflow on the core alone and keeps what the sources of evidence would. */
class Recording {
  readonly driver = new WorkflowDriver(creation({ max_qa_retries: 2 }));
  readonly referee: RefereeRecord[] = [];
  readonly contents = new Map<string, string>();
  readonly #seed: string;
  readonly #chance: Chance;

  constructor(seed: string) {
    this.#seed = seed;
    this.#chance = new Chance(seed, "recording");
    for (let [step] = next(this.driver.state); step; [step] = next(this.driver.state)) this.#carryOut(step);
  }

  #carryOut(step: StepSpec): void {
    let recorded = 0;
    for (let interruptions = this.#chance.between(0, 2); interruptions > 0; interruptions -= 1) {
      recorded = this.#attempt(step, recorded, true);
      this.driver.fail(step.id, "interrupted");
    }
    this.#attempt(step, recorded, false);
    if (step.role === null) {
      this.driver.complete(step.id, resultOf(step));
      return;
    }
    const { body } = seededAnswer(this.#seed, this.#requestOf(step, 2));
    this.driver.complete(step.id, { kind: "role", role: step.role, output: this.#stored(body as Said) });
  }

  /** Starts an attempt, which ends as soon as it likes if it `dies`. Returns how many calls are recorded by now. */
  #attempt(step: StepSpec, recorded: number, dies: boolean): number {
    this.driver.start(step.id, `tree-of-${this.driver.state.artifacts.size}`);
    if (step.role === null) return 0;
    for (let call = 1; ; call += 1) {
      const request = this.#requestOf(step, call);
      const { flawed } = seededAnswer(this.#seed, request);
      if (call <= recorded) this.#replay(step, call);
      else {
        this.#announce(step, call);
        this.#referee({ kind: "asked", leaks: false, ...request, at: this.#now });
        if (dies && this.#chance.likely(0.5)) return call - 1;
        this.#referee({
          kind: "answered",
          flawed,
          fault: null,
          tokens: 18,
          whole: true,
          ...request,
          at: this.#now,
        });
        this.#journal(step, call);
      }
      if (!flawed || (dies && this.#chance.likely(0.5))) return Math.max(call, recorded);
    }
  }

  #requestOf(step: StepSpec, call: number): Request {
    const attempt = this.driver.attemptOf(step.id);
    return { workflow: ID, role: step.role ?? "", step: step.id, attempt, call };
  }

  get #now(): number {
    return Date.parse(this.driver.state.head.updated_at);
  }

  #announce(step: StepSpec, ordinal: number): void {
    const attempt = this.driver.attemptOf(step.id);
    const asked = { attempt, ordinal, provider: "fake", model_asked: "m1", ...HASHES };
    const call = { ...asked, reserved_cost_usd: null, reserved_tokens: 100 };
    this.driver.must({ type: "step.request_call", step_id: step.id, attempt, call });
  }

  #referee(record: RefereeRecord): void {
    this.referee.push(record);
  }

  #replay(step: StepSpec, ordinal: number): void {
    const attempt = this.driver.attemptOf(step.id);
    const payload = { attempt, ordinal, recorded_attempt: attempt - 1, request_hash: "request" };
    const records = [{ type: "model.replayed", payload } as const];
    this.driver.must({ type: "step.record", step_id: step.id, attempt, records });
  }

  #journal(step: StepSpec, ordinal: number): void {
    const attempt = this.driver.attemptOf(step.id);
    const usage = { input_tokens: 11, output_tokens: 7, cached_input_tokens: 0, reasoning_tokens: 0 };
    const asked = { attempt, ordinal, provider: "fake", model_asked: "m1", model_served: "m1" };
    const answered = {
      cost_usd: null,
      usage,
      latency_ms: 1,
      finish_reason: "stop",
      response_hash: "response",
      error: null,
    };
    const payload = { ...asked, ...HASHES, ...answered };
    const records = [{ type: "model.called", payload } as const];
    this.driver.must({ type: "step.record", step_id: step.id, attempt, records });
  }

  #stored(said: Said): Readonly<Record<string, unknown>> {
    if (!said.artifacts) return said;
    const artifacts = said.artifacts.map(({ content, ...artifact }) => {
      const hash = hashOf(content);
      this.contents.set(hash, content);
      return { ...artifact, hash, size: Buffer.byteLength(content) };
    });
    return { ...said, artifacts };
  }
}
