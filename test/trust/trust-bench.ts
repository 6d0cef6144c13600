import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { v7 } from "uuid";

import { type App, openApp } from "../../src/app.ts";
import { Config } from "../../src/config/config.ts";
import type { WorkflowEvent } from "../../src/core/workflow/events.ts";
import type { WorkflowState } from "../../src/core/workflow/state.ts";
import type { CreateWorkflowInput, TreeName } from "../../src/engine/engine.ts";
import { type Script, WireModel } from "./wire-model.ts";

const PRINCIPAL = { tenant_id: "default", actor: "prove" };
const REQUEST: CreateWorkflowInput = {
  request: "Do it.",
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

export type Run = {
  readonly id: string;
  readonly state: WorkflowState;
  readonly events: readonly WorkflowEvent[];
  /** Requests that the model got, by step. */
  readonly requests: Readonly<Record<string, number>>;
  /** Newest contents by path. */
  readonly tree: ReadonlyMap<string, string>;
};

type Options = { readonly workflow?: object; readonly sandbox?: "auto" | "unsafe" };

/** The real application on SQLite with its real sandbox; only the model is scripted, over HTTP. */
export class TrustBench {
  readonly app: App;
  readonly model: WireModel;
  readonly #directory: string;

  private constructor(app: App, model: WireModel, directory: string) {
    this.app = app;
    this.model = model;
    this.#directory = directory;
  }

  static async open({ workflow = {}, sandbox = "auto" }: Options = {}): Promise<TrustBench> {
    const directory = await mkdtemp(join(tmpdir(), "orca-trust-"));
    const model = await WireModel.start();
    const config = Config.parse({
      data_dir: directory,
      database: `sqlite:${join(directory, "orca.db")}`,
      log: { level: "silent" },
      sandbox,
      workflow: { default_model: "wire/m1", ...workflow },
      providers: [
        { name: "wire", kind: "openai-compatible", base_url: model.baseUrl, send_trace_headers: true },
      ],
      max_concurrent_workflows: 8,
      max_concurrent_workflows_per_tenant: 8,
    });
    const app = await openApp(config);
    await app.engine.start();
    return new TrustBench(app, model, directory);
  }

  /** Why nothing that a model has written can be run here, null when it can. */
  async unavailable(): Promise<string | null> {
    const health = await this.app.sandbox.health();
    return health.available ? null : `${health.reason} ${health.install}`;
  }

  /** Runs one workflow until it is closed or waits for a person. */
  async run(script: Script, input: Partial<CreateWorkflowInput> = {}): Promise<Run> {
    const { engine, storage } = this.app;
    const id = `wf_${v7().replaceAll("-", "")}`;
    this.model.play(id, script);
    const ended = Promise.withResolvers<void>();
    const stop = engine.subscribe(PRINCIPAL, id, (events) => {
      if (events.some(({ event }) => isEnd(event))) ended.resolve();
    });
    try {
      await engine.create(PRINCIPAL, { ...REQUEST, ...input }, id);
      await ended.promise;
    } finally {
      stop();
    }
    const tenant = storage.forTenant(PRINCIPAL.tenant_id);
    const state = await engine.load(PRINCIPAL, id);
    const requests: Record<string, number> = {};
    for (const { step } of this.model.callsOf(id)) requests[step] = (requests[step] ?? 0) + 1;
    return {
      id,
      state,
      events: await tenant.readEvents(id, { after: 0, limit: 100_000 }),
      requests,
      tree: await this.treeOf(id, "latest"),
    };
  }

  /** Contents by path of `latest`, `best` or `cycle-<n>`. */
  async treeOf(id: string, name: TreeName): Promise<ReadonlyMap<string, string>> {
    const files = await this.app.engine.tree(PRINCIPAL, id, name);
    const tenant = this.app.storage.forTenant(PRINCIPAL.tenant_id);
    const contents = await tenant.readBlobs(files.map(({ hash }) => hash));
    return new Map(files.map(({ path, hash }) => [path, contents.get(hash) ?? ""]));
  }

  async close(): Promise<void> {
    await this.app.close(0);
    await this.model.close();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

function isEnd(event: WorkflowEvent): boolean {
  if (event.type === "workflow.closed") return true;
  return (
    event.type === "state.transition" &&
    (event.payload.to === "paused" || event.payload.to === "awaiting_approval")
  );
}
