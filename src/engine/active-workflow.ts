import { AT_ONCE, failuresAfter, retryDelayMs } from "../core/failure-policy.ts";
import type { WorkflowConfig } from "../core/workflow-config.ts";
import type { FailStep, StepFailure, StepResult } from "../core/workflow/commands.ts";
import type { Blob, Commit } from "../core/workflow/commit.ts";
import type { EventPayload, WorkflowEvent } from "../core/workflow/events.ts";
import type { OpenStep, WorkflowState } from "../core/workflow/state.ts";
import { openStep } from "../core/workflow/state.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { MessageSource } from "../ports/outbox.ts";
import { isTransient, StorageError, type TenantStorage } from "../ports/storage.ts";
import { logMilestone } from "./log-milestone.ts";
import { type StepContext, type StepExecutors, type StepOutcome, StepStopped } from "./step-executor.ts";
import { runningSteps, type SubmitResult, type Wish, WorkflowSession } from "./workflow-session.ts";

/** What a workflow in memory needs of the engine around it. */
export type WorkflowHost = {
  readonly storage: TenantStorage;
  readonly owner: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  readonly executors: StepExecutors;
  readonly messages: MessageSource;
  /** True when the workflow may have running steps; takes a slot if one is free. */
  readonly mayRun: () => boolean;
  /** The job that a commit leaves behind, see `SessionHost`; `stays` while steps of the workflow run here. */
  readonly wakeAfter: (after: WorkflowState, stays: boolean) => Commit["wake"];
  /** Those of the owners that are gone, so that nobody runs their steps. */
  readonly deadOf: (owners: readonly string[]) => Promise<ReadonlySet<string>>;
  readonly publish: (events: readonly WorkflowEvent[]) => void;
  readonly settled: (state: WorkflowState, error: unknown) => void;
};

type Running = {
  readonly attempt: number;
  readonly controller: AbortController;
  /** The executor is done, so that nobody listens any more. */
  returned: boolean;
};

/** The first term of the lease that a node holds on its steps; on PostgreSQL it renews it for all of them at once. */
const LEASE_MS = 15_000;
/** Who asks to be left alone for longer is asked again after a day; a date must not overflow. */
const LONGEST_RETRY_MS = 86_400_000;
const PAGE = 1_000;

/** One workflow in memory: its session, and the steps of it that run in this process. */
export class ActiveWorkflow {
  readonly session: WorkflowSession;
  readonly #host: WorkflowHost;
  readonly #config: WorkflowConfig;
  readonly #running = new Map<string, Running>();
  readonly #ended = new Set<Promise<void>>();
  #stopping = false;

  constructor(host: WorkflowHost, config: WorkflowConfig, state: WorkflowState | null) {
    this.#host = host;
    this.#config = config;
    this.session = new WorkflowSession(
      {
        storage: host.storage,
        owner: host.owner,
        leaseMs: LEASE_MS,
        now: () => host.clock.now(),
        keepsTrying: () => !this.#stopping,
        taskSlots: () => (!this.#stopping && host.mayRun() ? config.max_concurrent_tasks : null),
        messages: host.messages,
        wakeAfter: (after) => host.wakeAfter(after, !this.#stopping && this.#runsHere(after)),
        eventsAfter: (seq) => eventsAfter(host.storage, this.session.state.head.id, seq),
        committed: (after, events) => this.#committed(after, events),
        settled: (settled, error) => host.settled(settled, error),
      },
      state,
    );
  }

  /** Whether steps run in this process, or have something left to write. */
  get busy(): boolean {
    return this.#ended.size > 0;
  }

  /**
   * Gives back the steps that nobody runs, so that they can be claimed anew: those of processes that are gone, and
   * those that a commit of this one has claimed whose answer was lost.
   */
  async interruptOrphans(): Promise<void> {
    const { owner } = this.#host;
    const foreign = this.#idleSteps().flatMap((step) => (step.owner === owner ? [] : [step.owner ?? ""]));
    const dead = foreign.length === 0 ? new Set() : await this.#host.deadOf([...new Set(foreign)]);
    for (const step of this.#idleSteps()) {
      if (step.owner === owner) this.#keep(step, this.#fail(step, NEVER_STARTED));
      else if (dead.has(step.owner ?? "")) this.#keep(step, this.#fail(step, PROCESS_GONE));
    }
  }

  /** Running steps that this process does not run. */
  #idleSteps(): OpenStep[] {
    return runningSteps(this.session.state).filter((step) => !this.#running.has(step.id));
  }

  #runsHere(after: WorkflowState): boolean {
    return runningSteps(after).some((step) => step.owner === this.#host.owner);
  }

  /** Starts nothing more; resolves when every running step has ended, each being aborted once `deadline` is. */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#stopping = true;
    this.session.poke(); // what waits for the store hears that nobody waits any more
    const abort = (): void => {
      for (const { controller } of this.#running.values())
        controller.abort(new StepStopped("the engine stops"));
    };
    if (deadline.aborted) abort();
    else deadline.addEventListener("abort", abort, { once: true });
    do {
      await Promise.all(this.#ended);
      await this.session.quiet();
    } while (this.busy);
    deadline.removeEventListener("abort", abort);
  }

  #committed(after: WorkflowState, events: readonly WorkflowEvent[]): void {
    for (const [id, { attempt, controller, returned }] of this.#running) {
      const open = openStep(after, id);
      if (open?.status === "running" && open.attempt === attempt) continue;
      this.#running.delete(id);
      if (!returned) controller.abort(new StepStopped("the step is no longer owned by this attempt"));
    }
    this.#host.publish(events);
    for (const event of events) {
      logMilestone(this.#host.logger, event);
      if (event.type !== "step.started" || event.payload.owner !== this.#host.owner) continue;
      const step = openStep(after, event.step_id ?? "");
      if (step?.status === "running" && step.attempt === event.payload.attempt) this.#launch(step);
    }
  }

  #launch(step: OpenStep): void {
    const controller = new AbortController();
    if (this.#stopping) controller.abort(new StepStopped("the engine stops"));
    const running: Running = { attempt: step.attempt, controller, returned: false };
    this.#running.set(step.id, running);
    this.#keep(step, this.#run(step, running));
  }

  /** The workflow stays in memory until what is done for the step has ended. */
  #keep(step: OpenStep, work: Promise<void>): void {
    const ended = work
      .catch((error: unknown) => {
        this.#host.logger.error({ step_id: step.id, error }, "a step's end could not be written");
      })
      .finally(() => {
        this.#ended.delete(ended);
        this.session.poke();
      });
    this.#ended.add(ended);
  }

  async #run(step: OpenStep, running: Running): Promise<void> {
    const { signal } = running.controller;
    const outcome = signal.aborted ? null : await this.#execute(step, signal);
    running.returned = true;
    if (outcome !== null) await this.#report(step, outcome);
    else if (this.#stopping) await this.#fail(step, SERVER_STOPPED);
  }

  /** Null when the attempt was told to stop. */
  async #execute(step: OpenStep, signal: AbortSignal): Promise<StepOutcome | null> {
    const context: StepContext = {
      step,
      state: () => this.session.state,
      config: this.#config,
      storage: this.#host.storage,
      logger: this.#host.logger,
      signal,
      stopping: () => this.#stopping,
      journal: (records) => this.#journal(step, records),
      requestCall: (call, blobs) => this.#requestCall(step, call, blobs),
      record: (records, blobs) => this.#record(step, records, blobs),
    };
    try {
      const outcome = await this.#host.executors[step.kind](context);
      return signal.aborted ? null : outcome;
    } catch (error) {
      if (signal.aborted || error instanceof StepStopped) return null;
      if (error instanceof StorageError && isTransient(error)) return { ok: false, failure: STORE_AWAY };
      this.#host.logger.error({ step_id: step.id, error }, "a step failed unexpectedly");
      return internal(error instanceof Error ? error.message : String(error));
    }
  }

  async #requestCall(
    step: OpenStep,
    call: EventPayload<"model.requested">,
    blobs: readonly Blob[],
  ): Promise<void> {
    const asked = await this.session.submitPatiently(
      { type: "step.request_call", ...claimOf(step), call },
      blobs,
    );
    const open = asked.ok ? openStep(asked.state, step.id) : undefined;
    if (open?.status !== "running" || open.attempt !== step.attempt)
      throw new StepStopped("the model call was not granted");
  }

  async #journal(step: OpenStep, records: Parameters<StepContext["journal"]>[0]): Promise<void> {
    const written = await this.session.submitPatiently({ type: "step.record", ...claimOf(step), records });
    if (!written.ok) throw new StepStopped("the step is no longer owned by this attempt");
  }

  #record(
    step: OpenStep,
    records: Parameters<StepContext["record"]>[0],
    blobs: Parameters<StepContext["record"]>[1],
  ): void {
    const wish: Wish = { type: "step.record", ...claimOf(step), records };
    this.session.submitSoon(wish, blobs).catch((error: unknown) => {
      this.#host.logger.error({ step_id: step.id, error }, "a fact of a running step could not be journaled");
    });
  }

  async #report(step: OpenStep, outcome: StepOutcome): Promise<void> {
    if (!outcome.ok) return this.#fail(step, outcome.failure);
    const { result, blobs } = outcome;
    const done = await this.#complete(step, result, blobs);
    if (done.ok || done.error.code === "stale_attempt") return;
    const message = [done.error.message, ...done.error.problems].join(" ");
    await this.#fail(step, { code: "conflicting_output", message, retry_after_ms: null });
  }

  /** A result that can't be written must not leave a step that runs for ever. */
  async #complete(step: OpenStep, result: StepResult, blobs: readonly Blob[]): Promise<SubmitResult> {
    try {
      return await this.session.submitPatiently({ type: "step.complete", ...claimOf(step), result }, blobs);
    } catch (error) {
      if (error instanceof StorageError && isTransient(error)) throw error;
      this.#host.logger.error({ step_id: step.id, error }, "the result of a step could not be written");
      return { ok: false, error: { code: "invalid_output", message: String(error), problems: [] } };
    }
  }

  async #fail(step: OpenStep, failure: StepFailure): Promise<void> {
    const wanted = retryDelayMs(failure, failuresAfter(step, failure.code), this.#host.random());
    const delay = Math.min(wanted, LONGEST_RETRY_MS);
    const retry_at = delay === 0 ? AT_ONCE : new Date(this.#host.clock.now().getTime() + delay).toISOString();
    const wish: Omit<FailStep, "at"> = { type: "step.fail", ...claimOf(step), failure, retry_at };
    await this.session.submitPatiently(wish);
  }
}

const PROCESS_GONE: StepFailure = {
  code: "interrupted",
  message: "The process that ran this step is gone.",
  retry_after_ms: null,
};
const NEVER_STARTED: StepFailure = {
  code: "released",
  message: "The store did not say whether this step was claimed.",
  retry_after_ms: 0,
};
const STORE_AWAY: StepFailure = {
  code: "released",
  message: "The store was away while this step ran.",
  retry_after_ms: 1_000,
};
const SERVER_STOPPED: StepFailure = {
  code: "released",
  message: "The server was stopped while this step ran.",
  retry_after_ms: 0,
};

async function eventsAfter(storage: TenantStorage, id: string, seq: number): Promise<WorkflowEvent[]> {
  const events: WorkflowEvent[] = [];
  for (;;) {
    const page = await storage.readEvents(id, { after: seq + events.length, limit: PAGE });
    events.push(...page);
    if (page.length < PAGE) return events;
  }
}

function claimOf(step: OpenStep): { step_id: string; attempt: number; actor: string } {
  return { step_id: step.id, attempt: step.attempt, actor: step.role ?? "engine" };
}

function internal(message: string): StepOutcome {
  return { ok: false, failure: { code: "internal", message, retry_after_ms: null } };
}
