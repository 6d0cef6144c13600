import { retryDelayMs } from "../core/failure-policy.ts";
import type { WorkflowConfig } from "../core/workflow-config.ts";
import type { FailStep, StepFailure } from "../core/workflow/commands.ts";
import type { Blob } from "../core/workflow/commit.ts";
import type { WorkflowEvent } from "../core/workflow/events.ts";
import type { OpenStep, WorkflowState } from "../core/workflow/state.ts";
import { openStep } from "../core/workflow/state.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import { StorageError, type TenantStorage } from "../ports/storage.ts";
import type { StepContext, StepExecutors, StepOutcome } from "./step-executor.ts";
import { type SubmitResult, type Wish, WorkflowSession } from "./workflow-session.ts";

/** What a workflow in memory needs of the engine around it. */
export type WorkflowHost = {
  readonly storage: TenantStorage;
  readonly owner: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  readonly executors: StepExecutors;
  /** True when the workflow may have running steps; takes a slot if one is free. */
  readonly mayRun: () => boolean;
  readonly reload: () => Promise<WorkflowState>;
  readonly publish: (events: readonly WorkflowEvent[]) => void;
  readonly settled: (state: WorkflowState) => void;
};

type Running = { readonly attempt: number; readonly controller: AbortController };

/** Steps of a process that died are found by their owner, so no lease is waited for; other nodes need one later. */
const LEASE_MS = 60_000;
const STORAGE_RETRY_MS = 1_000;

/** Why a running step was told to stop. */
class StepStopped extends Error {
  override readonly name = "StepStopped";
}

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
        taskSlots: () => (!this.#stopping && host.mayRun() ? config.max_concurrent_tasks : null),
        reload: host.reload,
        committed: (after, events) => this.#committed(after, events),
        settled: (settled) => host.settled(settled),
      },
      state,
    );
  }

  /** Whether steps run in this process. */
  get busy(): boolean {
    return this.#ended.size > 0;
  }

  /** Gives back the steps of processes that are gone, so that they can be claimed anew. */
  interruptOrphans(): void {
    for (const step of this.session.state.head.open_steps) {
      if (step.status !== "running" || step.owner === this.#host.owner) continue;
      const message = "The process that ran this step is gone.";
      this.#fail(step, { code: "interrupted", message, retry_after_ms: 0 }).catch((error: unknown) => {
        this.#host.logger.error({ step_id: step.id, error }, "an interrupted step can't be given back");
      });
    }
  }

  /** Starts nothing more; resolves when every running step has ended, each being aborted once `deadline` is. */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#stopping = true;
    const abort = (): void => {
      for (const { controller } of this.#running.values())
        controller.abort(new StepStopped("the engine stops"));
    };
    if (deadline.aborted) abort();
    else deadline.addEventListener("abort", abort, { once: true });
    await Promise.all(this.#ended);
    deadline.removeEventListener("abort", abort);
  }

  #committed(after: WorkflowState, events: readonly WorkflowEvent[]): void {
    for (const [id, { attempt, controller }] of this.#running) {
      const open = openStep(after, id);
      if (open?.status === "running" && open.attempt === attempt) continue;
      this.#running.delete(id);
      controller.abort(new StepStopped("the step is no longer owned by this attempt"));
    }
    this.#host.publish(events);
    for (const event of events) {
      if (event.type !== "step.started" || event.payload.owner !== this.#host.owner) continue;
      const step = openStep(after, event.step_id ?? "");
      if (step?.status === "running" && step.attempt === event.payload.attempt) this.#launch(step);
    }
  }

  #launch(step: OpenStep): void {
    const controller = new AbortController();
    this.#running.set(step.id, { attempt: step.attempt, controller });
    const ended = this.#run(step, controller.signal)
      .catch((error: unknown) => {
        this.#host.logger.error({ step_id: step.id, error }, "a step's end could not be written");
      })
      .finally(() => {
        this.#ended.delete(ended);
        this.session.poke();
      });
    this.#ended.add(ended);
  }

  async #run(step: OpenStep, signal: AbortSignal): Promise<void> {
    const outcome = await this.#execute(step, signal);
    if (outcome !== null) await this.#report(step, outcome);
    else if (this.#stopping) {
      const message = "The server was stopped while this step ran.";
      await this.#fail(step, { code: "released", message, retry_after_ms: 0 });
    }
  }

  /** Null when the attempt was told to stop. */
  async #execute(step: OpenStep, signal: AbortSignal): Promise<StepOutcome | null> {
    if (step.kind === "validation") return internal("validation steps have no executor");
    const context: StepContext = {
      step,
      state: () => this.session.state,
      config: this.#config,
      storage: this.#host.storage,
      signal,
      record: (records, blobs) => this.#record(step, records, blobs),
    };
    try {
      const outcome = await this.#host.executors[step.kind](context);
      return signal.aborted ? null : outcome;
    } catch (error) {
      if (signal.aborted) return null;
      this.#host.logger.error({ step_id: step.id, error }, "a step failed unexpectedly");
      return internal(error instanceof Error ? error.message : String(error));
    }
  }

  #record(
    step: OpenStep,
    records: Parameters<StepContext["record"]>[0],
    blobs: Parameters<StepContext["record"]>[1],
  ): void {
    const wish: Wish = { type: "step.record", ...claimOf(step), records };
    this.#submit(wish, blobs).catch((error: unknown) => {
      this.#host.logger.error({ step_id: step.id, error }, "a fact of a running step could not be journaled");
    });
  }

  async #report(step: OpenStep, outcome: StepOutcome): Promise<void> {
    if (!outcome.ok) return this.#fail(step, outcome.failure);
    const { result, blobs } = outcome;
    const done = await this.#submit({ type: "step.complete", ...claimOf(step), result }, blobs);
    if (done.ok || done.error.code === "stale_attempt") return;
    const message = [done.error.message, ...done.error.problems].join(" ");
    await this.#fail(step, { code: "conflicting_output", message, retry_after_ms: null });
  }

  async #fail(step: OpenStep, failure: StepFailure): Promise<void> {
    const delay = retryDelayMs(step.failures + 1, failure.retry_after_ms, this.#host.random());
    const retry_at = new Date(this.#host.clock.now().getTime() + delay).toISOString();
    const wish: Omit<FailStep, "at"> = { type: "step.fail", ...claimOf(step), failure, retry_at };
    await this.#submit(wish);
  }

  /** Keeps trying while the store is away: what a step has brought must not be lost. */
  async #submit(wish: Wish, blobs: readonly Blob[] = []): Promise<SubmitResult> {
    for (;;) {
      try {
        return await this.session.submit(wish, blobs);
      } catch (error) {
        if (!(error instanceof StorageError) || this.#stopping) throw error;
        this.#host.logger.warn({ error }, "the store does not answer; trying again");
        await new Promise<void>((resolve) => void this.#host.clock.after(STORAGE_RETRY_MS, resolve));
      }
    }
  }
}

function claimOf(step: OpenStep): { step_id: string; attempt: number; actor: string } {
  return { step_id: step.id, attempt: step.attempt, actor: step.role ?? "engine" };
}

function internal(message: string): StepOutcome {
  return { ok: false, failure: { code: "internal", message, retry_after_ms: null } };
}
