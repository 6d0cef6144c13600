import { isDeepStrictEqual } from "node:util";

import type { DomainError } from "../core/domain-error.ts";
import type { WorkflowCommand } from "../core/workflow/commands.ts";
import type { Blob, Commit } from "../core/workflow/commit.ts";
import { decide } from "../core/workflow/decide.ts";
import type { WorkflowEvent } from "../core/workflow/events.ts";
import { created, evolve } from "../core/workflow/evolve.ts";
import { next, type RunnableStep } from "../core/workflow/next.ts";
import { planCommit } from "../core/workflow/plan-commit.ts";
import { openStep, type OpenStep, type WorkflowState } from "../core/workflow/state.ts";
import type { MessageSource } from "../ports/outbox.ts";
import { isTransient, StorageError, type TenantStorage } from "../ports/storage.ts";
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
  /** Stays in its place while the store is away. */
  readonly patient: boolean;
  readonly blobs: readonly Blob[];
  /** How often the store has failed at it in a way that does not pass by itself. */
  failures: number;
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
  /** Who is told of the events. */
  readonly messages: MessageSource;
  /** The job that a commit leaves behind for what this process does not take on; null when it leaves none. */
  readonly wakeAfter: (after: WorkflowState) => Commit["wake"];
  /** Whether patient commands still wait for a store that is away. */
  readonly keepsTrying: () => boolean;
  /** What stands in the journal after `seq`: written by others, or by a commit of ours whose answer was lost. */
  readonly eventsAfter: (seq: number) => Promise<readonly WorkflowEvent[]>;
  /** After every commit: publish, start steps, abort lost ones. */
  readonly committed: (after: WorkflowState, events: readonly WorkflowEvent[]) => void;
  /** When nothing is left to write. With an error the store may hold more than `state` says, or less was done. */
  readonly settled: (state: WorkflowState, error: unknown) => void;
};

const MOST_CONFLICTS = 20;
/** A change that the store can't take, whoever asks, must not keep a workflow from everything else. */
const MOST_FAILURES = 5;

/**
 * The one door through which a workflow changes: commands are decided one after the other on the newest state, those
 * that wait together go into one commit, and steps that may start are claimed in the same commit.
 */
export class WorkflowSession {
  readonly #host: SessionHost;
  #state: WorkflowState | null;
  #mailbox: Entry[] = [];
  #poked = false;
  #stale = false;
  #flushing = false;
  #unanswered: UnansweredCommit | null = null;
  #quiet: PromiseWithResolvers<void> | null = null;

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

  /** Rejects with a StorageError when the store can't do it now. */
  submit(wish: Wish): Promise<SubmitResult> {
    return this.#enqueue({ wish, blobs: [], patient: false });
  }

  /** Keeps its place in the order while the store is away: what a step has brought must not be lost. */
  submitPatiently(wish: Wish, blobs: readonly Blob[] = []): Promise<SubmitResult> {
    return this.#enqueue({ wish, blobs, patient: true });
  }

  /** As `submitPatiently`, but leaves a turn of the loop for what follows, so that one commit takes both. */
  submitSoon(wish: Wish, blobs: readonly Blob[] = []): Promise<SubmitResult> {
    return new Promise((resolve, reject) => {
      this.#mailbox.push({ wish, blobs, patient: true, failures: 0, resolve, reject });
      setImmediate(() => this.#schedule());
    });
  }

  #enqueue(entry: Pick<Entry, "wish" | "blobs" | "patient">): Promise<SubmitResult> {
    return new Promise((resolve, reject) => {
      this.#mailbox.push({ ...entry, failures: 0, resolve, reject });
      this.#schedule();
    });
  }

  /** Looks whether something may start now. */
  poke(): void {
    this.#poked = true;
    this.#schedule();
  }

  /** Others may have written: reads what is missing, then looks whether something may start. */
  refresh(): void {
    this.#stale = true;
    this.poke();
  }

  /** Resolves when nothing more is being written. */
  quiet(): Promise<void> {
    if (this.#mailbox.length > 0) this.#schedule();
    if (!this.#flushing) return Promise.resolve();
    this.#quiet ??= Promise.withResolvers();
    return this.#quiet.promise;
  }

  /** Writes the first events. Resolves to false when the workflow exists already. */
  async create(events: readonly WorkflowEvent[], blobs: readonly Blob[]): Promise<boolean> {
    this.#flushing = true;
    try {
      const [first, ...rest] = events;
      if (!first) throw new Error("a workflow begins with an event");
      const begun = rest.reduce(evolve, created(first));
      const { events: claimed, after } = this.#claim(begun, this.#host.now());
      const written = [...events, ...claimed];
      const result = await this.#commit(
        planCommit({
          before: null,
          after,
          events: written,
          fences: [],
          blobs,
          messages: this.#host.messages.messagesOf(written, after),
          wake: this.#host.wakeAfter(after),
        }),
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
    let failure: unknown = null;
    while (!(failure instanceof StorageError) && (this.#mailbox.length > 0 || this.#poked)) {
      const entries = this.#mailbox;
      this.#mailbox = [];
      this.#poked = false;
      failure = await this.#try(entries);
    }
    this.#flushing = false;
    if (this.#state !== null) this.#host.settled(this.#state, failure);
    this.#quiet?.resolve();
    this.#quiet = null;
  }

  /** The failure, or null. */
  async #try(entries: readonly Entry[]): Promise<unknown> {
    try {
      await this.#flushKnowing(entries);
      return null;
    } catch (error) {
      const passes = error instanceof StorageError && isTransient(error);
      if (!passes && entries.length > 1) return this.#tryOneByOne(entries);
      this.#refuse(passes ? [...entries, ...this.#mailbox.splice(0)] : entries, error);
      return error;
    }
  }

  /** One change that can't be made must not keep the others from being made. */
  async #tryOneByOne(entries: readonly Entry[]): Promise<unknown> {
    let failure: unknown = null;
    const left: Entry[] = [];
    for (const entry of entries) {
      try {
        await this.#flushKnowing([entry]);
      } catch (error) {
        failure = error;
        if (this.#stays(entry, error)) left.push(entry);
        else entry.reject(error);
      }
    }
    this.#mailbox.unshift(...left);
    return failure;
  }

  /** Flushes on what is true now. */
  async #flushKnowing(asked: readonly Entry[]): Promise<void> {
    let entries = asked;
    if (this.#unanswered !== null) entries = await this.#settleDoubt(this.#unanswered, entries);
    else if (this.#stale) await this.#catchUp();
    await this.#flush(entries);
  }

  #refuse(entries: readonly Entry[], error: unknown): void {
    const left: Entry[] = [];
    for (const entry of entries) {
      if (this.#stays(entry, error)) left.push(entry);
      else entry.reject(error);
    }
    this.#mailbox.unshift(...left);
  }

  #stays(entry: Entry, error: unknown): boolean {
    if (!(error instanceof StorageError)) return false;
    if (!isTransient(error)) entry.failures += 1;
    return entry.patient && entry.failures < MOST_FAILURES && this.#host.keepsTrying();
  }

  async #flush(entries: readonly Entry[]): Promise<void> {
    for (let conflicts = 0; conflicts <= MOST_CONFLICTS; conflicts += 1) {
      const before = this.state;
      const decided = this.#decide(before, entries);
      if (decided.events.length === 0) {
        for (const answer of decided.answers) answer(before);
        return;
      }
      const { events, after, fences, blobs } = decided;
      this.#unanswered = { events, wishes: new Set(entries.map((entry) => entry.wish)) };
      const wake = this.#host.wakeAfter(after);
      const messages = this.#host.messages.messagesOf(events, after);
      const plan = planCommit({ before, after, events, fences, blobs, messages, wake });
      const result = await this.#commit(plan);
      this.#unanswered = null;
      if (result.ok) {
        this.#advance(after, events);
        for (const answer of decided.answers) answer(after);
        return;
      }
      await this.#catchUp();
    }
    throw new StorageError("storage_failed", "The workflow is being changed by others too fast; try again.");
  }

  /** Takes over what was written meanwhile: steps that it claimed for this process start like any other. */
  async #catchUp(): Promise<readonly WorkflowEvent[]> {
    this.#stale = false; // before the question: news that come while it is answered ask again
    const missed = await this.#host.eventsAfter(this.state.head.version).catch((error: unknown) => {
      this.#stale = true;
      throw error;
    });
    if (missed.length > 0) this.#advance(missed.reduce(evolve, this.state), missed);
    return missed;
  }

  /** Finds out whether the unanswered commit stands. Its wishes, sent again, are then met already. */
  async #settleDoubt(unanswered: UnansweredCommit, entries: readonly Entry[]): Promise<readonly Entry[]> {
    const [first] = await this.#catchUp();
    this.#unanswered = null;
    if (!isDeepStrictEqual(first, unanswered.events[0])) return entries;
    const met = entries.filter((entry) => unanswered.wishes.has(entry.wish));
    for (const entry of met) entry.resolve({ ok: true, state: this.state });
    return entries.filter((entry) => !met.includes(entry));
  }

  #decide(before: WorkflowState, entries: readonly Entry[]): Decisions {
    const now = this.#host.now();
    const at = now.toISOString();
    const decisions: Omit<Decisions, "after"> = { events: [], fences: [], blobs: [], answers: [] };
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
      if ("attempt" in wish && owns(before, wish))
        decisions.fences.push({ step_id: wish.step_id, attempt: wish.attempt });
    }
    const { events: claimed, after } = this.#claim(working, now);
    decisions.events.push(...claimed);
    return { ...decisions, after };
  }

  /** Starts what may run now, as far as there is room. */
  #claim(from: WorkflowState, now: Date): Pick<Decisions, "events" | "after"> {
    const events: WorkflowEvent[] = [];
    const ready = next(from).filter((step) => isDue(step, now));
    const slots = ready.length > 0 ? this.#host.taskSlots() : null;
    if (slots === null) return { events, after: from };
    let working = from;
    for (const step of ready) {
      if (step.kind === "task" && runningSteps(working).length >= slots) break;
      const judges = step.role === "qa" || step.kind === "delivery" || step.kind === "validation";
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
    return { events, after: working };
  }

  async #commit(commit: Commit): ReturnType<TenantStorage["commit"]> {
    failpoint("commit.before");
    const result = await this.#host.storage.commit(commit);
    failpoint("commit.after");
    if (result.ok && commit.messages.length > 0) this.#host.messages.written();
    return result;
  }

  #advance(after: WorkflowState, events: readonly WorkflowEvent[]): void {
    this.#state = after;
    this.#host.committed(after, events);
  }
}

/** A commit that the store may have taken or not. */
type UnansweredCommit = { readonly events: readonly WorkflowEvent[]; readonly wishes: ReadonlySet<Wish> };

type Decisions = {
  readonly events: WorkflowEvent[];
  /** The state that the events lead to. */
  readonly after: WorkflowState;
  readonly fences: { step_id: string; attempt: number }[];
  readonly blobs: Blob[];
  readonly answers: ((state: WorkflowState) => void)[];
};

export function runningSteps(state: WorkflowState): OpenStep[] {
  return state.head.open_steps.filter((step) => step.status === "running");
}

/** False for what an attempt says after it has lost its step: that writes nothing but its spend. */
function owns(state: WorkflowState, wish: { readonly step_id: string; readonly attempt: number }): boolean {
  const step = openStep(state, wish.step_id);
  return step?.status === "running" && step.attempt === wish.attempt;
}

function isDue(step: RunnableStep, now: Date): boolean {
  return step.available_at === null || step.available_at <= now.toISOString();
}
