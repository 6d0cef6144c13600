import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";

import { inject } from "vitest";

import { freshDatabase } from "../../../test/postgres/fresh-database.ts";
import { type App, openApp } from "../../app.ts";
import { Config } from "../../config/config.ts";
import type { WorkflowConfig } from "../../core/workflow-config.ts";
import type { WorkflowEvent } from "../../core/workflow/events.ts";
import { fold } from "../../core/workflow/evolve.ts";
import { comparable, restoreState } from "../../core/workflow/restore-state.ts";
import type { WorkflowState } from "../../core/workflow/state.ts";
import type { ModelProvider } from "../../ports/chat-model.ts";
import type { NodeRole } from "../../ports/cluster.ts";
import type { DeliveryAction } from "../../ports/delivery-action.ts";
import type { Logger } from "../../ports/logger.ts";
import type { ModelLimiter } from "../../ports/model-limiter.ts";
import type { TenantStorage } from "../../ports/storage.ts";
import type { CreateWorkflowInput, Engine, Principal } from "../engine.ts";
import { ManualClock } from "./manual-clock.testsuite.ts";
import { ScriptedModel } from "./scripted-model.testsuite.ts";
import { TroubledStorage } from "./troubled-storage.testsuite.ts";

export type Store = "sqlite" | "postgres";
export const STORES: readonly Store[] = ["sqlite", "postgres"];

export type LogLine = { readonly level: string; readonly message: string } & Readonly<
  Record<string, unknown>
>;

export type TestEngineOptions = {
  readonly store?: Store;
  readonly workflow?: Partial<WorkflowConfig>;
  readonly max_concurrent_workflows?: number;
  readonly limiter?: ModelLimiter;
  readonly deliveryActions?: readonly DeliveryAction[];
  /** In the place of the one scripted model. */
  readonly providers?: readonly ModelProvider[];
  readonly allowed_directories?: readonly string[];
  readonly random?: () => number;
  readonly role?: NodeRole;
  readonly budgets?: unknown;
  readonly prices?: unknown;
  readonly secrets?: unknown;
  readonly sandbox?: Config["sandbox"];
  /** Directories whose repositories workflows may start from. */
  readonly repositories?: readonly string[];
};

/** What outlives one start of an engine. */
type Ground = {
  readonly database: string;
  readonly directory: string;
  readonly clock: ManualClock;
  readonly model: ScriptedModel;
  readonly remove: () => Promise<void>;
};

export const PERSON: Principal = { tenant_id: "acme", actor: "person" };

/** Opens an engine on a store of its own and starts it. */
export async function openTestEngine(options: TestEngineOptions = {}): Promise<TestEngine> {
  const directory = await mkdtemp(join(tmpdir(), "orca-engine-"));
  const fresh = options.store === "postgres" ? await freshDatabase(inject("postgresUrl")) : null;
  const ground: Ground = {
    database: fresh?.url ?? `sqlite:${join(directory, "orca.db")}`,
    directory,
    clock: new ManualClock(),
    model: new ScriptedModel(),
    remove: async () => {
      await fresh?.drop();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return TestEngine.open(ground, options);
}

/** The real engine on real storage; model, clock and chance are scripted. */
export class TestEngine {
  readonly app: App;
  readonly engine: Engine;
  readonly store: TroubledStorage;
  readonly logged: LogLine[];
  readonly clock: ManualClock;
  readonly model: ScriptedModel;
  readonly directory: string;
  readonly #ground: Ground;
  readonly #options: TestEngineOptions;

  private constructor(ground: Ground, options: TestEngineOptions, app: App, logged: LogLine[]) {
    this.app = app;
    this.engine = app.engine;
    this.store = app.storage as TroubledStorage;
    this.logged = logged;
    this.clock = ground.clock;
    this.model = ground.model;
    this.directory = ground.directory;
    this.#ground = ground;
    this.#options = options;
  }

  static async open(ground: Ground, options: TestEngineOptions): Promise<TestEngine> {
    const { workflow = {}, max_concurrent_workflows = 10, allowed_directories = [] } = options;
    const config = Config.parse({
      data_dir: ground.directory,
      database: ground.database,
      role: options.role ?? "all",
      budgets: options.budgets,
      prices: options.prices,
      secrets: options.secrets,
      workflow: { default_model: "fake/small", ...workflow },
      max_concurrent_workflows,
      max_concurrent_workflows_per_tenant: max_concurrent_workflows,
      delivery: { directory: { allowed: allowed_directories } },
      sandbox: options.sandbox,
      workspace: { allowed: options.repositories ?? [] },
    });
    const logged: LogLine[] = [];
    const app = await openApp(config, {
      providers: options.providers ?? [ground.model],
      clock: ground.clock,
      limiter: options.limiter ?? openLimiter,
      deliveryActions: options.deliveryActions ?? [],
      random: options.random ?? (() => 0.5),
      logger: recordingLogger(logged, {}),
      wrapStorage: (storage) => new TroubledStorage(storage),
    });
    await app.engine.start();
    return new TestEngine(ground, options, app, logged);
  }

  get tenant(): TenantStorage {
    return this.store.inner.forTenant(PERSON.tenant_id);
  }

  /** The id of a new workflow. */
  async create(input: Partial<CreateWorkflowInput> = {}): Promise<string> {
    return (await this.engine.create(PERSON, { ...REQUEST, ...input })).head.id;
  }

  /** A workflow that has run to its close. */
  async run(input: Partial<CreateWorkflowInput> = {}): Promise<string> {
    const id = await this.create(input);
    await this.closed(id);
    return id;
  }

  state(id: string): Promise<WorkflowState> {
    return this.engine.load(PERSON, id);
  }

  events(id: string): Promise<WorkflowEvent[]> {
    return this.tenant.readEvents(id, { after: 0, limit: 100_000 });
  }

  /** Resolves with the first event that matches, stored or still to come. */
  async event(id: string, match: (event: WorkflowEvent) => boolean, after = 0): Promise<WorkflowEvent> {
    await turn(); // SQLite is read without a turn of the loop: who asks again and again would let nothing else come
    const heard = Promise.withResolvers<WorkflowEvent>();
    const wanted = (event: WorkflowEvent): boolean => event.seq > after && match(event);
    const stop = this.engine.subscribe(PERSON, id, (events) => {
      const found = events.find(({ event }) => wanted(event));
      if (found) heard.resolve(found.event);
    });
    const stored = (await this.events(id)).find(wanted);
    const event = stored ?? (await heard.promise);
    stop();
    return event;
  }

  /** Resolves when this type of event has come from this step. */
  reached(id: string, type: WorkflowEvent["type"], stepId: string, after = 0): Promise<WorkflowEvent> {
    return this.event(id, (event) => event.type === type && event.step_id === stepId, after);
  }

  async closed(id: string, after = 0): Promise<WorkflowState> {
    await this.event(id, (event) => event.type === "workflow.closed", after);
    return this.state(id);
  }

  /** Resolves when the workflow waits for a person; the answer is why. It may not end instead. */
  async parked(id: string, after = 0): Promise<{ reason: string; message: string }> {
    const isParked = (event: WorkflowEvent): boolean =>
      event.type === "state.transition" && WAITING.has(event.payload.to);
    const event = await this.event(id, (one) => isParked(one) || one.type === "workflow.closed", after);
    const { status, error, waiting } = (await this.state(id)).head;
    if (!isParked(event)) throw new Error(`the workflow has ended as ${status}: ${error?.message}`);
    return { reason: waiting?.reason ?? "", message: waiting?.message ?? "" };
  }

  /** What the journal folds to and what the rows say, and whether the journal has no gap. */
  async journal(id: string): Promise<{ folded: unknown; stored: unknown; numbers: number[] }> {
    const [events, rows] = await Promise.all([this.events(id), this.tenant.loadWorkflow(id)]);
    if (rows === null) throw new Error(`workflow ${id} is not stored`);
    return {
      folded: comparable(fold(events)),
      stored: comparable(restoreState(rows.head, rows.parts)),
      numbers: events.map((event) => event.seq),
    };
  }

  /** An orderly stop, then a new start on the same store. */
  async restart(options: TestEngineOptions = {}): Promise<TestEngine> {
    await this.app.close(0);
    return TestEngine.open(this.#ground, { ...this.#options, ...options });
  }

  /** Another node on the same store, with the same model and clock. */
  join(options: TestEngineOptions = {}): Promise<TestEngine> {
    return TestEngine.open(this.#ground, { ...this.#options, ...options });
  }

  /** This node ends; the store stays for the others. */
  async leave(): Promise<void> {
    await this.app.close(0);
  }

  /** The process is gone from one moment to the next; a new one starts on what it left. */
  async crash(options: TestEngineOptions = {}): Promise<TestEngine> {
    await this.store.sever();
    return TestEngine.open(this.#ground, { ...this.#options, ...options });
  }

  async close(): Promise<void> {
    await this.app.close(0);
    await this.#ground.remove();
  }
}

/** Limits have tests of their own, in real time. */
const openLimiter: ModelLimiter = { admit: () => Promise.resolve({ end: () => Promise.resolve() }) };

const WAITING: ReadonlySet<string> = new Set(["paused", "awaiting_approval"]);

export const REQUEST: CreateWorkflowInput = {
  request: "Write three files.",
  title: null,
  mode: null,
  provider: null,
  model: null,
  max_qa_retries: null,
  budget: null,
  delivery: null,
  workspace: null,
  gates: null,
  tools: null,
  scope_id: null,
};

function recordingLogger(lines: LogLine[], bound: Readonly<Record<string, unknown>>): Logger {
  const at = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    lines.push({ ...bound, ...fields, level, message });
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => recordingLogger(lines, { ...bound, ...fields }),
  };
}
