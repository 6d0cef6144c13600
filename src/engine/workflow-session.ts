import type { DomainError } from "../core/domain-error.ts";
import type { WorkflowCommand } from "../core/workflow/commands.ts";
import type { Blob, Commit } from "../core/workflow/commit.ts";
import { decide } from "../core/workflow/decide.ts";
import type { WorkflowEvent } from "../core/workflow/events.ts";
import { created, evolve } from "../core/workflow/evolve.ts";
import { next, type RunnableStep } from "../core/workflow/next.ts";
import { planCommit } from "../core/workflow/plan-commit.ts";
import type { OpenStep, WorkflowState } from "../core/workflow/state.ts";
import { StorageError, type TenantStorage } from "../ports/storage.ts";
import { failpoint } from "./failpoint.ts";
import { treeHash } from "./hash.ts";

export type SubmitResult =
  | { readonly ok: true; readonly state: WorkflowState }
  | { readonly ok: false; readonly error: DomainError };

/** A command without its time and actor: the session adds them when it decides. */
export type Wish = WorkflowCommand extends infer C
  ? C extends WorkflowCommand
    ? Omit<C, "at">
    : never
  : never;

type Entry = {
  readonly wish: Wish;
  readonly blobs: readonly Blob[];
  readonly resolve: (result: SubmitResult) => void;
  readonly reject: (error: unknown) => void;
};

/** What a session asks of the engine around it. */
export type SessionHost = {
  readonly storage: TenantStorage;
  readonly owner: string;
  readonly leaseMs: number;
  /** Tasks of this workflow that may run at once; null while nothing may start. */
  readonly taskSlots: () => number | null;
  readonly now: () => Date;
  readonly reload: () => Promise<WorkflowState>;
  /** After every commit: publish, start steps, abort lost ones. */
  readonly committed: (after: WorkflowState, events: readonly WorkflowEvent[]) => void;
  /** When nothing is left to write. */
  readonly settled: (state: WorkflowState) => void;
};

const MOST_CONFLICTS = 20;

/**
 * The one door through which a workflow changes: commands are decided one after the other on the newest state, those
 * that wait together go into one commit, and steps that may start are claimed in the same commit.
 */
export class WorkflowSession {
  readonly #host: SessionHost;
  #state: WorkflowState | null;
  #mailbox: Entry[] = [];
  #poked = false;
  #flushing = false;

  constructor(host: SessionHost, state: WorkflowState | null) {
    this.#host = host;
    this.#state = state;
  }

  /** The newest committed state. */
  get state(): WorkflowState {
    if (this.#state === null) throw new Error("the workflow is not created yet");
    return this.#state;
  }

  /** False until the first commit stands. */
  get begun(): boolean {
    return this.#state !== null;
  }

  submit(wish: Wish, blobs: readonly Blob[] = []): Promise<SubmitResult> {
    return new Promise((resolve, reject) => {
      this.#mailbox.push({ wish, blobs, resolve, reject });
      this.#schedule();
    });
  }

  /** Looks whether something may start now. */
  poke(): void {
    this.#poked = true;
    this.#schedule();
  }

  /** Writes the first events. Resolves to false when the workflow exists already. */
  async create(events: readonly WorkflowEvent[], blobs: readonly Blob[]): Promise<boolean> {
    this.#flushing = true;
    try {
      const [first, ...rest] = events;
      if (!first) throw new Error("a workflow begins with an event");
      const begun = rest.reduce(evolve, created(first));
      const claimed = this.#claim(begun);
      const after = claimed.reduce(evolve, begun);
      const written = [...events, ...claimed];
      const result = await this.#commit(
        planCommit({ before: null, after, events: written, fences: [], blobs }),
      );
      if (!result.ok) return false;
      this.#advance(after, written);
      return true;
    } finally {
      this.#flushing = false;
      this.#schedule();
    }
  }

  #schedule(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => void this.#flushAll());
  }

  async #flushAll(): Promise<void> {
    while (this.#mailbox.length > 0 || this.#poked) {
      const entries = this.#mailbox;
      this.#mailbox = [];
      this.#poked = false;
      try {
        await this.#flush(entries);
      } catch (error) {
        for (const entry of entries) entry.reject(error);
      }
    }
    this.#flushing = false;
    if (this.#state !== null) this.#host.settled(this.#state);
  }

  async #flush(entries: readonly Entry[]): Promise<void> {
    for (let conflicts = 0; conflicts <= MOST_CONFLICTS; conflicts += 1) {
      const before = this.state;
      const decided = this.#decide(before, entries);
      if (decided.events.length === 0) {
        for (const answer of decided.answers) answer(before);
        return;
      }
      const after = decided.events.reduce(evolve, before);
      const { events, fences, blobs } = decided;
      const result = await this.#commit(planCommit({ before, after, events, fences, blobs }));
      if (result.ok) {
        this.#advance(after, events);
        for (const answer of decided.answers) answer(after);
        return;
      }
      this.#state = await this.#host.reload();
    }
    throw new StorageError("storage_failed", "The workflow is being changed by others too fast; try again.");
  }

  #decide(before: WorkflowState, entries: readonly Entry[]): Decisions {
    const at = this.#host.now().toISOString();
    const decisions: Decisions = { events: [], fences: [], blobs: [], answers: [] };
    let working = before;
    for (const { wish, blobs, resolve } of entries) {
      const decided = decide(working, { ...wish, at });
      if (!decided.ok) {
        const { error } = decided;
        decisions.answers.push(() => resolve({ ok: false, error }));
        continue;
      }
      decisions.answers.push((state) => resolve({ ok: true, state }));
      working = decided.value.reduce(evolve, working);
      decisions.events.push(...decided.value);
      decisions.blobs.push(...blobs);
      if ("attempt" in wish) decisions.fences.push({ step_id: wish.step_id, attempt: wish.attempt });
    }
    decisions.events.push(...this.#claim(working));
    return decisions;
  }

  /** Starts what may run now, as far as there is room. */
  #claim(from: WorkflowState): WorkflowEvent[] {
    const now = this.#host.now();
    const ready = next(from).filter((step) => isDue(step, now));
    const slots = ready.length > 0 ? this.#host.taskSlots() : null;
    if (slots === null) return [];
    const events: WorkflowEvent[] = [];
    let working = from;
    for (const step of ready) {
      if (step.kind === "task" && runningSteps(working).length >= slots) break;
      const judges = step.role === "qa" || step.kind === "delivery";
      const decided = decide(working, {
        type: "step.start",
        step_id: step.id,
        owner: this.#host.owner,
        lease_until: new Date(now.getTime() + this.#host.leaseMs).toISOString(),
        tree_hash: judges ? treeHash(working) : null,
        at: now.toISOString(),
        actor: "engine",
      });
      if (!decided.ok) continue;
      events.push(...decided.value);
      working = decided.value.reduce(evolve, working);
    }
    return events;
  }

  async #commit(commit: Commit): ReturnType<TenantStorage["commit"]> {
    failpoint("commit.before");
    const result = await this.#host.storage.commit(commit);
    failpoint("commit.after");
    return result;
  }

  #advance(after: WorkflowState, events: readonly WorkflowEvent[]): void {
    this.#state = after;
    this.#host.committed(after, events);
  }
}

type Decisions = {
  readonly events: WorkflowEvent[];
  readonly fences: { step_id: string; attempt: number }[];
  readonly blobs: Blob[];
  readonly answers: ((state: WorkflowState) => void)[];
};

export function runningSteps(state: WorkflowState): OpenStep[] {
  return state.head.open_steps.filter((step) => step.status === "running");
}

function isDue(step: RunnableStep, now: Date): boolean {
  return step.available_at === null || step.available_at <= now.toISOString();
}
