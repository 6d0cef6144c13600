import { OrcaError } from "../core/orca-error.ts";
import type { WorkflowConfig } from "../core/workflow-config.ts";
import type { Commit } from "../core/workflow/commit.ts";
import type { DeliveryRequest } from "../core/workflow/delivery-state.ts";
import type { ArtifactState, WorkflowState } from "../core/workflow/state.ts";
import type { Cluster, NodeRole } from "../ports/cluster.ts";
import type { Deliverable } from "../ports/delivery-action.ts";
import type { Logger } from "../ports/logger.ts";
import type { MessageSource } from "../ports/outbox.ts";
import type { Storage } from "../ports/storage.ts";
import { ActiveWorkflow } from "./active-workflow.ts";
import { ClusterDispatcher } from "./cluster-dispatcher.ts";
import { DeliveryDesk } from "./delivery-desk.ts";
import { type Dispatcher, type DispatcherLimits, keyOf, partsOf } from "./dispatcher.ts";
import type {
  CreateWorkflowInput,
  Engine,
  EventListener,
  Principal,
  RespondInput,
  ResumeInput,
  ShownApproval,
  WaiveInput,
} from "./engine.ts";
import { EventHub } from "./event-hub.ts";
import { InProcessDispatcher } from "./in-process-dispatcher.ts";
import { namedTree } from "./named-tree.ts";
import { type FirstCommit, newWorkflow, type NewWorkflowParts } from "./new-workflow.ts";
import { RemoteFeed } from "./remote-feed.ts";
import { refuseStaleAnswer, shownApproval } from "./shown-approval.ts";
import type { StepExecutors } from "./step-executor.ts";
import { begunVersion, delayOfNext, notFound, refused, restore } from "./stored-workflow.ts";
import type { TreeDiffs } from "./tree-diffs.ts";
import { Turnstile } from "./turnstile.ts";
import { WakeTimers } from "./wake-timers.ts";
import { WorkflowConfigs } from "./workflow-configs.ts";
import { runningSteps, type Wish } from "./workflow-session.ts";

export type EngineParts = NewWorkflowParts & {
  readonly storage: Storage;
  readonly executors: StepExecutors;
  /** Who is told of what happens. */
  readonly messages: MessageSource;
  readonly diffs: TreeDiffs;
  readonly limits: DispatcherLimits;
  /** What this process does on a shared store; alone it does everything. */
  readonly role: NodeRole;
  readonly version: string;
  /** Names this process and this start of it; steps of any other owner are orphans here. */
  readonly owner: string;
  readonly logger: Logger;
  readonly random: () => number;
  readonly newId: () => string;
};

const LONGEST_DIFF_CHARACTERS = 2_000_000;
const RELOAD_AFTER_MS = 1_000;
/** Workflows that are read at once: the first goes on before the last of many is there. */
const MOST_OPENING = 32;
/** For how long a node waits with a workflow rather than leave a job for it. */
const LONGEST_HOLD_MS = 5_000;
const NOT_GIVEN_BACK = "finished jobs could not be given back; the queue finds them by itself";

/** The engine of one process: workflows in memory while something of them runs here, in the store otherwise. */
export class WorkflowEngine implements Engine {
  readonly #parts: EngineParts;
  readonly #hub: EventHub;
  readonly #dispatcher: Dispatcher;
  readonly #feed: RemoteFeed;
  readonly #openers = new Turnstile(MOST_OPENING);
  readonly #active = new Map<string, ActiveWorkflow>();
  readonly #opening = new Map<string, Promise<ActiveWorkflow | null>>();
  readonly #timers: WakeTimers;
  readonly #desk: DeliveryDesk;
  readonly #configs: WorkflowConfigs;
  #stopped = false;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    this.#hub = new EventHub(parts.logger);
    this.#configs = new WorkflowConfigs(parts.storage);
    const { storage, limits, clock, logger, effectiveConfig } = parts;
    const { deliveryActions: actions, deliverySecrets: secrets } = parts;
    this.#timers = new WakeTimers(clock);
    this.#desk = new DeliveryDesk({ actions, secrets, storage, effectiveConfig });
    const activate = (key: string): void => this.#openers.enter(() => this.#activate(key));
    this.#dispatcher =
      storage.cluster === null
        ? new InProcessDispatcher(limits, activate)
        : new ClusterDispatcher({ cluster: storage.cluster, limits, clock, logger, activate });
    this.#feed = new RemoteFeed({
      storage,
      hub: this.#hub,
      clock,
      logger,
      keysHere: () => this.#active.keys(),
      versionHere: (key) => begunVersion(this.#active.get(key)),
      refresh: (key) => this.#active.get(key)?.session.refresh(),
    });
  }

  async create(principal: Principal, input: CreateWorkflowInput, id?: string): Promise<WorkflowState> {
    this.#refuseWhenStopped();
    const workflowId = id ?? this.#parts.newId();
    const { config, first } = await newWorkflow(this.#parts, principal, { ...input, id: workflowId });
    const key = keyOf(principal.tenant_id, workflowId);
    while (this.#opening.has(key)) await this.#opening.get(key);
    this.#refuseWhenStopped();
    const active = this.#active.get(key) ?? (await this.#openBy(key, this.#begin(key, config, first)));
    return active ? active.session.state : this.load(principal, workflowId);
  }

  async load(principal: Principal, id: string): Promise<WorkflowState> {
    const active = this.#active.get(keyOf(principal.tenant_id, id));
    // Among many nodes the store alone knows the newest state.
    if (active?.session.begun && !this.#dispatcher.shared) return active.session.state;
    const state = await restore(this.#parts.storage.forTenant(principal.tenant_id), id);
    if (state === null) throw notFound(id);
    return state;
  }

  pause(principal: Principal, id: string): Promise<WorkflowState> {
    return this.#steer(principal, id, { type: "workflow.pause", actor: principal.actor });
  }

  async resume(principal: Principal, id: string, input: ResumeInput): Promise<WorkflowState> {
    const { router } = this.#parts;
    if (input.pinned) await router.checkPin(input.pinned);
    const state = await this.load(principal, id);
    const pinned = input.pinned ?? state.settings.pinned;
    const { default_model } = await this.#configs.of(principal.tenant_id, state);
    const refusal = await router.refusalOf(pinned, default_model);
    if (refusal !== null) throw new OrcaError("no_model", refusal);
    return this.#steer(principal, id, { type: "workflow.resume", actor: principal.actor, ...input });
  }

  cancel(principal: Principal, id: string): Promise<WorkflowState> {
    return this.#steer(principal, id, { type: "workflow.cancel", actor: principal.actor });
  }

  approvalOf(state: WorkflowState): ShownApproval | null {
    return shownApproval(state);
  }

  async respond(
    principal: Principal,
    id: string,
    approvalId: string,
    { shown, ...answer }: RespondInput,
  ): Promise<WorkflowState> {
    refuseStaleAnswer(await this.load(principal, id), approvalId, shown);
    const { actor } = principal;
    return this.#steer(principal, id, { type: "approval.respond", actor, id: approvalId, ...answer });
  }

  waive(principal: Principal, id: string, input: WaiveInput): Promise<WorkflowState> {
    return this.#steer(principal, id, { type: "waive", actor: principal.actor, ...input });
  }

  async deliver(principal: Principal, id: string, delivery: DeliveryRequest | null): Promise<WorkflowState> {
    if (delivery !== null) await this.#desk.check(await this.load(principal, id), delivery);
    return this.#steer(principal, id, { type: "delivery.request", actor: principal.actor, delivery });
  }

  skipDelivery(principal: Principal, id: string, reason: string): Promise<WorkflowState> {
    return this.#steer(principal, id, { type: "delivery.skip", actor: principal.actor, reason });
  }

  async previewDelivery(principal: Principal, id: string, delivery: DeliveryRequest | null) {
    return this.#desk.preview(await this.load(principal, id), delivery);
  }

  async deliverable(principal: Principal, id: string): Promise<Deliverable> {
    return this.#desk.read(await this.load(principal, id));
  }

  async tree(principal: Principal, id: string, name: string): Promise<readonly ArtifactState[]> {
    return namedTree(await this.load(principal, id), name);
  }

  async diff(principal: Principal, id: string, range: { from: string; to: string }): Promise<string> {
    const { storage, diffs } = this.#parts;
    const state = await this.load(principal, id);
    return diffs.between(state, storage.forTenant(principal.tenant_id), {
      ...range,
      most: LONGEST_DIFF_CHARACTERS,
    });
  }

  subscribe(principal: Principal, id: string, listener: EventListener): () => void {
    return this.#hub.subscribe(keyOf(principal.tenant_id, id), listener);
  }

  async start(): Promise<void> {
    const { cluster } = this.#parts.storage;
    if (cluster !== null) return this.#join(cluster);
    const unfinished = await this.#parts.storage.system.listUnfinished();
    for (const { tenant_id, id } of unfinished) this.#dispatcher.enqueue(keyOf(tenant_id, id));
    if (unfinished.length > 0)
      this.#parts.logger.info({ workflows: unfinished.length }, "continuing unfinished workflows");
  }

  async #join(cluster: Cluster): Promise<void> {
    const { owner, role, version, logger } = this.#parts;
    await cluster.join(
      { id: owner, role, version },
      {
        work: () => this.#dispatcher.enqueue(""),
        changed: (changes) => this.#feed.changed(changes),
        doubted: () => {
          logger.warn({ node: owner }, "this node was cut off for a while; looking what others have done");
          for (const { session } of this.#active.values()) if (session.begun) session.refresh();
        },
      },
    );
    this.#feed.start();
    if (role !== "api") this.#dispatcher.open();
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    this.#feed.stop();
    this.#dispatcher.close();
    this.#timers.disarmAll();
    const deadline = new AbortController();
    const cancel = this.#parts.clock.after(graceMs, () => deadline.abort());
    if (graceMs <= 0) deadline.abort();
    const stopAll = (): Promise<void[]> =>
      Promise.all([...this.#active.values()].map((active) => active.stop(deadline.signal)));
    await Promise.allSettled([stopAll(), ...this.#opening.values()]);
    await stopAll();
    cancel();
    await this.#dispatcher
      .drained()
      .catch((error: unknown) => this.#parts.logger.warn({ error }, NOT_GIVEN_BACK));
    await this.#parts.storage.cluster?.leave();
  }

  async #steer(principal: Principal, id: string, wish: Wish): Promise<WorkflowState> {
    this.#refuseWhenStopped();
    const key = keyOf(principal.tenant_id, id);
    for (;;) {
      const active = await this.#open(key);
      if (active === null) throw notFound(id);
      if (this.#active.get(key) !== active) continue;
      if (this.#dispatcher.shared) active.session.refresh(); // others may have steered it a moment ago
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
    const { tenant_id: tenantId, workflow_id: id } = partsOf(key);
    const state = await restore(this.#parts.storage.forTenant(tenantId), id);
    if (state === null) return null;
    const config = await this.#configs.of(tenantId, state);
    const active = this.#hold(key, config, state);
    await active.interruptOrphans();
    return active;
  }

  #hold(key: string, config: WorkflowConfig, state: WorkflowState | null): ActiveWorkflow {
    const { storage, owner, clock, logger, random, executors, messages } = this.#parts;
    const { tenant_id, workflow_id: id } = partsOf(key);
    const active = new ActiveWorkflow(
      {
        storage: storage.forTenant(tenant_id),
        owner,
        clock,
        logger: logger.child({ workflow_id: id }),
        random,
        executors,
        messages,
        mayRun: () => !this.#stopped && (this.#dispatcher.holds(key) || this.#dispatcher.tryTake(key)),
        wakeAfter: (after, stays) => (stays ? null : this.#wakeOf(key, after)),
        deadOf: (owners) => storage.cluster?.deadOf(owners) ?? Promise.resolve(new Set(owners)),
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
    if (this.#stopped) return this.#dispatcher.postpone(key, 0);
    try {
      const known = this.#active.get(key);
      let active = await this.#open(key);
      while (active && this.#active.get(key) !== active) active = await this.#open(key);
      if (active === null) {
        this.#parts.logger.warn({ key }, "the queue names a workflow that does not exist; passed over");
        this.#dispatcher.release(key);
        return;
      }
      if (this.#dispatcher.shared) active.session.refresh();
      else active.session.poke();
      if (active === known) {
        await active.session.quiet();
        await active.interruptOrphans();
      }
    } catch (error) {
      this.#parts.logger.error({ key, error }, "a workflow can't be read; trying again");
      this.#dispatcher.postpone(key, RELOAD_AFTER_MS);
      this.#wakeAfter(key, RELOAD_AFTER_MS);
    }
  }

  /** Nothing is left to write: leave memory unless steps run, and say when to come back. */
  #settled(key: string, { active, state, error }: Settled): void {
    if (this.#active.get(key) !== active) return;
    this.#timers.disarm(key);
    const { owner, clock, logger } = this.#parts;
    if (error !== null) logger.warn({ key, error }, "a workflow can't go on; trying again");
    const delay = error === null ? delayOfNext(state, clock.now()) : RELOAD_AFTER_MS;
    if (active.busy || runningSteps(state).some((step) => step.owner === owner)) {
      if (delay !== null && delay > 0) this.#wakeAfter(key, delay);
      return;
    }
    if (delay !== null && delay <= LONGEST_HOLD_MS && this.#waitsHere(key)) {
      this.#wakeAfter(key, Math.max(1, delay));
      return;
    }
    this.#forget(key, active, delay);
    if (delay === 0 && !this.#stopped) this.#dispatcher.enqueue(key);
    else if (delay !== null) this.#wakeAfter(key, delay);
  }

  /** Among many nodes, whoever has a workflow keeps it over a short wait. */
  #waitsHere(key: string): boolean {
    return !this.#stopped && this.#dispatcher.shared && this.#dispatcher.holds(key);
  }

  /** What a commit leaves to the other nodes. */
  #wakeOf(key: string, after: WorkflowState): Commit["wake"] {
    if (!this.#dispatcher.shared) return null;
    const delay = delayOfNext(after, this.#parts.clock.now());
    if (delay === null || (delay <= LONGEST_HOLD_MS && this.#waitsHere(key))) return null;
    const at = new Date(this.#parts.clock.now().getTime() + delay).toISOString();
    const here = delay === 0 && !this.#stopped && this.#dispatcher.hasRoom;
    return { at: delay === 0 ? null : at, begun: after.head.started_at !== null, here };
  }

  #forget(key: string, active: ActiveWorkflow, delay: number | null = null): void {
    if (this.#active.get(key) !== active) return;
    this.#active.delete(key);
    if (delay === null) this.#dispatcher.release(key);
    else this.#dispatcher.postpone(key, delay);
  }

  #wakeAfter(key: string, delayMs: number): void {
    if (this.#stopped) return;
    this.#timers.arm(key, delayMs, () => {
      const active = this.#active.get(key);
      if (active) active.session.poke();
      else this.#dispatcher.enqueue(key);
    });
  }

  #refuseWhenStopped(): void {
    if (this.#stopped) throw new OrcaError("shutting_down", "The server is stopping; try again in a moment.");
  }
}

type Settled = { readonly active: ActiveWorkflow; readonly state: WorkflowState; readonly error: unknown };
