import type { DomainError } from "../core/domain-error.ts";
import { OrcaError } from "../core/orca-error.ts";
import { ROLE_NAMES, type RoleName } from "../core/role-name.ts";
import { WorkflowConfig } from "../core/workflow-config.ts";
import type { Blob } from "../core/workflow/commit.ts";
import { decideCreation } from "../core/workflow/decide.ts";
import type { WorkflowEvent } from "../core/workflow/events.ts";
import { next } from "../core/workflow/next.ts";
import { restoreState } from "../core/workflow/restore-state.ts";
import type { WorkflowSettings, WorkflowState } from "../core/workflow/state.ts";
import type { Clock } from "../ports/clock.ts";
import type { DeliveryAction } from "../ports/delivery-action.ts";
import type { EffectiveConfig } from "../ports/effective-config.ts";
import type { Logger } from "../ports/logger.ts";
import type { Role } from "../ports/role.ts";
import type { Storage, TenantStorage } from "../ports/storage.ts";
import { ActiveWorkflow } from "./active-workflow.ts";
import { checkDelivery } from "./check-delivery.ts";
import type { CreateWorkflowInput, Engine, Principal, PublishedEvent, ResumeInput } from "./engine.ts";
import { EventHub } from "./event-hub.ts";
import { blobOf } from "./hash.ts";
import { InProcessDispatcher } from "./in-process-dispatcher.ts";
import type { ModelRouter } from "./model-router.ts";
import type { StepExecutors } from "./step-executor.ts";
import { runningSteps, type Wish } from "./workflow-session.ts";

export type EngineParts = {
  readonly storage: Storage;
  readonly roles: Readonly<Record<RoleName, Role>>;
  readonly router: ModelRouter;
  readonly deliveryActions: ReadonlyMap<string, DeliveryAction>;
  readonly effectiveConfig: EffectiveConfig;
  readonly executors: StepExecutors;
  readonly maxConcurrentWorkflows: number;
  /** Names this process and this start of it; steps of any other owner are orphans here. */
  readonly owner: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  readonly newId: () => string;
};

const RELOAD_AFTER_MS = 1_000;

/** The engine on one process: workflows in memory while something of them runs, in the store otherwise. */
export class WorkflowEngine implements Engine {
  readonly #parts: EngineParts;
  readonly #hub: EventHub;
  readonly #dispatcher: InProcessDispatcher;
  readonly #active = new Map<string, ActiveWorkflow>();
  readonly #opening = new Map<string, Promise<ActiveWorkflow | null>>();
  readonly #timers = new Map<string, () => void>();
  readonly #configs = new Map<string, WorkflowConfig>();
  #stopped = false;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#hub = new EventHub(parts.logger);
    this.#dispatcher = new InProcessDispatcher(
      parts.maxConcurrentWorkflows,
      (key) => void this.#activate(key),
    );
  }

  async create(principal: Principal, input: CreateWorkflowInput, id?: string): Promise<WorkflowState> {
    this.#refuseWhenStopped();
    const { effectiveConfig, router, roles, deliveryActions, clock, newId } = this.#parts;
    const { config, hash: config_hash } = effectiveConfig(input.scope_id);
    const pinned = { provider: input.provider, model: input.model };
    if (input.delivery) checkDelivery(deliveryActions, input.delivery);
    await router.checkPin(pinned);
    const settings: WorkflowSettings = {
      request: input.request,
      given_title: input.title,
      given_mode: input.mode,
      pinned,
      delivery: input.delivery,
      prompts: ROLE_NAMES.map((role) => ({ role, hash: roles[role].prompt.hash })),
      config_hash,
    };
    const reference =
      (await router.pinnedReference(pinned)) ?? (await router.defaultReference(config.default_model));
    const workflowId = id ?? newId();
    const events = decideCreation({
      type: "workflow.create",
      at: clock.now().toISOString(),
      actor: principal.actor,
      id: workflowId,
      tenant_id: principal.tenant_id,
      scope_id: input.scope_id,
      parent_id: null,
      settings,
      max_qa_retries: input.max_qa_retries ?? config.max_qa_retries,
      parked:
        reference === null
          ? { reason: "no_model", message: router.withoutModel(pinned, config.default_model) }
          : null,
    });
    const blobs = [blobOf(JSON.stringify(config)), ...ROLE_NAMES.map((role) => promptBlob(roles[role]))];
    const key = keyOf(principal.tenant_id, workflowId);
    while (this.#opening.has(key)) await this.#opening.get(key);
    this.#refuseWhenStopped();
    const standing = this.#active.get(key);
    const active = standing ?? (await this.#openBy(key, this.#begin(key, config, { events, blobs })));
    return active ? active.session.state : this.load(principal, workflowId);
  }

  async load(principal: Principal, id: string): Promise<WorkflowState> {
    const active = this.#active.get(keyOf(principal.tenant_id, id));
    if (active?.session.begun) return active.session.state;
    const state = await restore(this.#parts.storage.forTenant(principal.tenant_id), id);
    if (state === null) throw notFound(id);
    return state;
  }

  pause(principal: Principal, id: string): Promise<WorkflowState> {
    return this.#steer(principal, id, { type: "workflow.pause", actor: principal.actor });
  }

  async resume(principal: Principal, id: string, input: ResumeInput): Promise<WorkflowState> {
    this.#refuseWhenStopped();
    const { router } = this.#parts;
    if (input.pinned) await router.checkPin(input.pinned);
    const state = await this.load(principal, id);
    const pinned = input.pinned ?? state.settings.pinned;
    const { default_model } = await this.#configOf(principal.tenant_id, state);
    const reference =
      (await router.pinnedReference(pinned)) ?? (await router.defaultReference(default_model));
    if (reference === null) throw new OrcaError("no_model", router.withoutModel(pinned, default_model));
    return this.#steer(principal, id, { type: "workflow.resume", actor: principal.actor, ...input });
  }

  cancel(principal: Principal, id: string): Promise<WorkflowState> {
    return this.#steer(principal, id, { type: "workflow.cancel", actor: principal.actor });
  }

  subscribe(
    principal: Principal,
    id: string,
    listener: (events: readonly PublishedEvent[]) => void,
  ): () => void {
    return this.#hub.subscribe(keyOf(principal.tenant_id, id), listener);
  }

  async start(): Promise<void> {
    const unfinished = await this.#parts.storage.system.listUnfinished();
    for (const { tenant_id, id } of unfinished) this.#dispatcher.enqueue(keyOf(tenant_id, id));
    if (unfinished.length > 0)
      this.#parts.logger.info({ workflows: unfinished.length }, "continuing unfinished workflows");
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    this.#dispatcher.close();
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    const deadline = new AbortController();
    const cancel = this.#parts.clock.after(graceMs, () => deadline.abort());
    if (graceMs <= 0) deadline.abort();
    const stopAll = (): Promise<void[]> =>
      Promise.all([...this.#active.values()].map((active) => active.stop(deadline.signal)));
    await Promise.allSettled([stopAll(), ...this.#opening.values()]);
    await stopAll();
    cancel();
  }

  async #steer(principal: Principal, id: string, wish: Wish): Promise<WorkflowState> {
    this.#refuseWhenStopped();
    const key = keyOf(principal.tenant_id, id);
    for (;;) {
      const active = await this.#open(key);
      if (active === null) throw notFound(id);
      if (this.#active.get(key) !== active) continue;
      const result = await active.session.submit(wish);
      if (!result.ok) throw refused(result.error);
      return result.state;
    }
  }

  /** The workflow in memory, read from the store when it is not there yet; null when it does not exist. */
  #open(key: string): Promise<ActiveWorkflow | null> {
    const active = this.#active.get(key);
    if (active?.session.begun) return Promise.resolve(active);
    return this.#opening.get(key) ?? this.#openBy(key, this.#read(key));
  }

  /** Whoever wants the workflow meanwhile waits for the same opening: there is one session of it at a time. */
  #openBy(key: string, way: Promise<ActiveWorkflow | null>): Promise<ActiveWorkflow | null> {
    const opening = way.finally(() => this.#opening.delete(key));
    this.#opening.set(key, opening);
    return opening;
  }

  /** Writes a new workflow, or opens the one that stands under its id. */
  async #begin(key: string, config: WorkflowConfig, first: FirstCommit): Promise<ActiveWorkflow | null> {
    const active = this.#hold(key, config, null);
    try {
      if (await active.session.create(first.events, first.blobs)) return active;
    } catch (error) {
      this.#forget(key, active);
      this.#wakeAfter(key, RELOAD_AFTER_MS); // it may stand although nobody said so
      throw error;
    }
    this.#forget(key, active);
    const standing = await this.#read(key);
    standing?.session.poke();
    return standing;
  }

  async #read(key: string): Promise<ActiveWorkflow | null> {
    const { tenantId, id } = partsOf(key);
    const state = await restore(this.#parts.storage.forTenant(tenantId), id);
    if (state === null) return null;
    const config = await this.#configOf(tenantId, state);
    const active = this.#hold(key, config, state);
    active.interruptOrphans();
    return active;
  }

  #hold(key: string, config: WorkflowConfig, state: WorkflowState | null): ActiveWorkflow {
    const { storage, owner, clock, logger, random, executors } = this.#parts;
    const { tenantId, id } = partsOf(key);
    const tenantStorage = storage.forTenant(tenantId);
    const active = new ActiveWorkflow(
      {
        storage: tenantStorage,
        owner,
        clock,
        logger: logger.child({ workflow_id: id }),
        random,
        executors,
        mayRun: () => this.#dispatcher.holds(key) || this.#dispatcher.tryTake(key),
        publish: (events) => this.#hub.publish(key, id, events),
        settled: (settled, error) => this.#settled(key, { active, state: settled, error }),
      },
      config,
      state,
    );
    this.#active.set(key, active);
    return active;
  }

  /** A slot was given to the workflow. */
  async #activate(key: string): Promise<void> {
    try {
      let active = await this.#open(key);
      while (active && this.#active.get(key) !== active) active = await this.#open(key);
      if (active) active.session.poke();
      else this.#dispatcher.release(key);
    } catch (error) {
      this.#parts.logger.error({ key, error }, "a workflow can't be read; trying again");
      this.#dispatcher.release(key);
      this.#wakeAfter(key, RELOAD_AFTER_MS);
    }
  }

  /** Nothing is left to write: leave memory unless steps run, and say when to come back. */
  #settled(key: string, { active, state, error }: Settled): void {
    if (this.#active.get(key) !== active) return;
    this.#disarm(key);
    if (error !== null) this.#parts.logger.warn({ key, error }, "a workflow can't go on; trying again");
    const delay = error === null ? this.#delayOfNext(state) : RELOAD_AFTER_MS;
    const { owner } = this.#parts;
    if (active.busy || runningSteps(state).some((step) => step.owner === owner)) {
      if (delay !== null && delay > 0) this.#wakeAfter(key, delay);
      return;
    }
    this.#forget(key, active);
    if (delay === 0 && !this.#stopped) this.#dispatcher.enqueue(key);
    else if (delay !== null) this.#wakeAfter(key, delay);
  }

  /** Milliseconds until something of the workflow may start; null when nothing waits for the time. */
  #delayOfNext(state: WorkflowState): number | null {
    const now = this.#parts.clock.now();
    const [first] = next(state)
      .map((step) => step.available_at ?? "")
      .toSorted();
    if (first === undefined) return null;
    return first <= now.toISOString() ? 0 : Date.parse(first) - now.getTime();
  }

  #forget(key: string, active: ActiveWorkflow): void {
    if (this.#active.get(key) !== active) return;
    this.#active.delete(key);
    this.#dispatcher.release(key);
  }

  #disarm(key: string): void {
    this.#timers.get(key)?.();
    this.#timers.delete(key);
  }

  #wakeAfter(key: string, delayMs: number): void {
    if (this.#stopped) return;
    this.#disarm(key);
    const cancel = this.#parts.clock.after(delayMs, () => {
      this.#timers.delete(key);
      const active = this.#active.get(key);
      if (active) active.session.poke();
      else this.#dispatcher.enqueue(key);
    });
    this.#timers.set(key, cancel);
  }

  async #configOf(tenantId: string, state: WorkflowState): Promise<WorkflowConfig> {
    const hash = state.settings.config_hash;
    const known = this.#configs.get(hash);
    if (known) return known;
    const stored = await this.#parts.storage.forTenant(tenantId).readBlob(hash);
    if (stored === null)
      throw new Error(`the configuration ${hash} of workflow ${state.head.id} is not stored`);
    const config = WorkflowConfig.parse(JSON.parse(stored));
    this.#configs.set(hash, config);
    return config;
  }

  #refuseWhenStopped(): void {
    if (this.#stopped) throw new OrcaError("shutting_down", "The server is stopping; try again in a moment.");
  }
}

type FirstCommit = { readonly events: readonly WorkflowEvent[]; readonly blobs: readonly Blob[] };

type Settled = { readonly active: ActiveWorkflow; readonly state: WorkflowState; readonly error: unknown };

async function restore(storage: TenantStorage, id: string): Promise<WorkflowState | null> {
  const stored = await storage.loadWorkflow(id);
  return stored && restoreState(stored.head, stored.parts);
}

function keyOf(tenantId: string, id: string): string {
  return `${tenantId}/${id}`;
}

function partsOf(key: string): { tenantId: string; id: string } {
  const slash = key.indexOf("/");
  return { tenantId: key.slice(0, slash), id: key.slice(slash + 1) };
}

function promptBlob(role: Role): { hash: string; content: string } {
  return { hash: role.prompt.hash, content: role.prompt.text };
}

function notFound(id: string): OrcaError {
  return new OrcaError("workflow_not_found", `There is no workflow ${id}.`);
}

function refused(error: DomainError): OrcaError {
  return new OrcaError(
    error.code,
    error.message,
    error.problems.map((detail) => ({ pointer: "", detail })),
  );
}
