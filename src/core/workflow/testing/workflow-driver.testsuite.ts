import { Citation, citationKey } from "../../citation.ts";
import type { DomainError } from "../../domain-error.ts";
import { NO_BUDGET } from "../../workflow-config.ts";
import type { CreateWorkflow, StepResult, WorkflowCommand } from "../commands.ts";
import type { Commit, PartRow, StepRow } from "../commit.ts";
import { decide, decideCreation } from "../decide.ts";
import type { WorkflowEvent } from "../events.ts";
import { evolve, fold } from "../evolve.ts";
import { planCommit } from "../plan-commit.ts";
import { restoreState } from "../restore-state.ts";
import { openStep, type WorkflowHead, type WorkflowState } from "../state.ts";

type WithoutAsked<C> = C extends WorkflowCommand ? Omit<C, "at" | "actor"> : never;
/** A command as a test writes it; the driver adds time and actor. */
export type Order = WithoutAsked<WorkflowCommand>;

/** One accepted command with what it changed. */
export type Change = {
  readonly command: WorkflowCommand;
  readonly before: WorkflowState;
  readonly after: WorkflowState;
  readonly events: readonly WorkflowEvent[];
};

/** What a store holds of one workflow after the commits so far. */
class StoredRows {
  #head: WorkflowHead | null = null;
  readonly #parts = new Map<string, PartRow>();
  readonly steps = new Map<string, StepRow>();

  apply(commit: Commit): void {
    if ((this.#head?.version ?? 0) !== commit.expected_version) throw new Error("version conflict");
    this.#head = commit.head;
    for (const part of commit.parts) this.#parts.set(`${part.kind}/${part.key}`, part);
    for (const step of commit.steps) this.steps.set(step.id, step);
  }

  get head(): WorkflowHead {
    if (this.#head === null) throw new Error("nothing was committed");
    return this.#head;
  }

  get parts(): PartRow[] {
    return [...this.#parts.values()];
  }

  restored(): WorkflowState {
    return restoreState(this.head, this.parts);
  }
}

const FIRST_MOMENT = Date.parse("2026-01-02T03:04:05.000Z");

/** The settings of a plain workflow, as creation gets them. */
export function creation(over: Partial<CreateWorkflow> = {}): CreateWorkflow {
  return {
    type: "workflow.create",
    at: moment(0),
    actor: "ada",
    id: "w1",
    tenant_id: "t1",
    scope_id: null,
    parent_id: null,
    settings: {
      request: "Write a program that greets.",
      given_title: null,
      given_mode: null,
      pinned: { provider: null, model: null },
      budget: NO_BUDGET,
      delivery: null,
      delivery_choices: ["api-response", "artifact-bundle", "blog-draft", "directory", "doc-draft"],
      gates: [],
      workspace: null,
      tools: null,
      stall_patience: 2,
      approval_expires_s: null,
      prompts: [{ role: "director", hash: "prompt-director" }],
      config_hash: "config-1",
    },
    max_qa_retries: 2,
    parked: null,
    ...over,
  };
}

/** The n-th second of test time, RFC 3339 in UTC. */
export function moment(second: number): string {
  return new Date(FIRST_MOMENT + second * 1000).toISOString();
}

/** The order with every citation of QA found where it points, unless it says which are. */
function withResolved(order: Order): Order {
  if (order.type !== "step.complete" || order.result.kind !== "role" || order.result.role !== "qa")
    return order;
  const { criteria, findings } = order.result.output;
  const cited = [criteria, findings]
    .flatMap((list) => (Array.isArray(list) ? list : []))
    .flatMap(citationsOf);
  return { ...order, result: { resolved: cited.map(citationKey), ...order.result } };
}

function citationsOf(said: unknown): Citation[] {
  const { citations } = (said ?? {}) as { readonly citations?: unknown };
  return Array.isArray(citations) ? citations.filter((one) => Citation.safeParse(one).success) : [];
}

/** Drives one workflow by commands as the engine does, with a clock of its own, and keeps what a store would keep. */
export class WorkflowDriver {
  state: WorkflowState;
  readonly events: WorkflowEvent[];
  readonly stored = new StoredRows();
  readonly commits: Commit[] = [];
  #seconds = 0;

  constructor(create: CreateWorkflow = creation()) {
    this.events = [...decideCreation(create)];
    this.state = fold(this.events);
    this.#commit(null, this.events);
  }

  /** Decides, and commits what was accepted. */
  give(order: Order): Change | DomainError {
    this.#seconds += 1;
    const command = { ...withResolved(order), at: moment(this.#seconds), actor: "engine" } as WorkflowCommand;
    const before = this.state;
    const decided = decide(before, command);
    if (!decided.ok) return decided.error;
    let after = before;
    for (const event of decided.value) after = evolve(after, event);
    this.state = after;
    this.events.push(...decided.value);
    if (decided.value.length > 0) this.#commit(before, decided.value);
    return { command, before, after, events: decided.value };
  }

  /** As `give`, for commands that the test takes for granted. */
  must(order: Order): Change {
    const given = this.give(order);
    if ("code" in given) {
      throw new Error(
        `${order.type} was refused: ${given.code} ${given.message} ${given.problems.join("; ")}`,
      );
    }
    return given;
  }

  start(step_id: string, tree_hash: string | null = null): Change {
    return this.must(startOf(step_id, tree_hash));
  }

  complete(step_id: string, result: StepResult): Change {
    return this.must({ type: "step.complete", step_id, attempt: this.attemptOf(step_id), result });
  }

  fail(step_id: string, code: string): Change {
    return this.must(failureOf(step_id, this.attemptOf(step_id), code));
  }

  /** Lets the clock run. */
  wait(seconds: number): void {
    this.#seconds += seconds;
  }

  attemptOf(step_id: string): number {
    return openStep(this.state, step_id)?.attempt ?? 0;
  }

  #commit(before: WorkflowState | null, events: readonly WorkflowEvent[]): void {
    const commit = planCommit({
      before,
      after: this.state,
      events,
      fences: [],
      blobs: [],
      messages: [],
      wake: null,
    });
    this.commits.push(commit);
    this.stored.apply(commit);
  }
}

export function startOf(step_id: string, tree_hash: string | null = null): Order {
  return { type: "step.start", step_id, owner: "node-1", lease_until: moment(3600), tree_hash };
}

export function failureOf(step_id: string, attempt: number, code: string): Order {
  const failure = { code, message: `it was ${code}`, retry_after_ms: null };
  return { type: "step.fail", step_id, attempt, failure, retry_at: moment(1800) };
}

export function resumeOf(max_qa_retries: number | null = null): Order {
  return { type: "workflow.resume", max_qa_retries, pinned: null, budget: null, outcome: "repeat" };
}
