import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { inject } from "vitest";

import { openApp } from "../../src/app.ts";
import type { OpenedSecrets } from "../../src/app/open-secrets.ts";
import { Config } from "../../src/config/config.ts";
import type { Problem } from "../../src/contract/problem.ts";
import type { WorkflowView } from "../../src/contract/workflow-view.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { ModelInfo, ModelProvider, ProviderHealth } from "../../src/ports/chat-model.ts";
import type { Logger } from "../../src/ports/logger.ts";
import type { Storage } from "../../src/ports/storage.ts";
import { createServer } from "../../src/server/create-server.ts";
import { listen } from "../../src/server/listen.ts";
import type { ServerParts } from "../../src/server/server-parts.ts";
import { freshDatabase } from "../postgres/fresh-database.ts";
import { ScriptedWorkflow } from "./scripted-workflow.ts";

export type LogLine = { readonly level: string; readonly message: string } & Readonly<
  Record<string, unknown>
>;

/** A running server on real storage and the real engine; only the roles are scripted. */
export type Api = {
  readonly url: string;
  readonly engine: Engine;
  readonly storage: Storage;
  readonly secrets: OpenedSecrets;
  readonly script: ScriptedWorkflow;
  readonly provider: FakeProvider;
  readonly parts: ServerParts;
  readonly logged: LogLine[];
  /** `fetch` below the server's address. */
  call(path: string, init?: RequestInit): Promise<Response>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  create(request?: string, headers?: Record<string, string>): Promise<WorkflowView>;
  /** Resolves once the workflow is closed. */
  closed(id: string, tenant?: string): Promise<void>;
  /** Resolves with the first event of this type that is committed from now on, or was already. */
  reached(id: string, type: string, role?: string): Promise<void>;
  close(): Promise<void>;
};

export const STORES = ["sqlite", "postgres"] as const;

export type ApiOptions = {
  /** SQLite unless said otherwise. */
  readonly store?: (typeof STORES)[number];
  readonly config?: Partial<Config>;
  /** Puts other parts between the server and what it stands on. */
  readonly wrap?: (parts: ServerParts) => ServerParts;
};

export async function openApi(options: ApiOptions = {}): Promise<Api> {
  const directory = await mkdtemp(join(tmpdir(), "orca-api-"));
  const postgres = options.store === "postgres" ? await freshDatabase(inject("postgresUrl")) : null;
  const config = Config.parse({
    data_dir: directory,
    database: postgres?.url ?? `sqlite:${join(directory, "orca.db")}`,
    workflow: { default_model: "fake/small" },
    log: { level: "silent" },
    ...options.config,
  });
  const script = new ScriptedWorkflow();
  const provider = new FakeProvider();
  const logged: LogLine[] = [];
  const app = await openApp(config, {
    providers: [provider],
    executors: script.executors,
    logger: recordingLogger(logged, {}),
  });
  const shutdown = new AbortController();
  const { engine, storage } = app;
  const plain: ServerParts = {
    ...app,
    version: "0.0.0-test",
    instance_id: app.instanceId,
    shutdown: shutdown.signal,
  };
  const parts = options.wrap?.(plain) ?? plain;
  const server = createServer(parts);
  const listening = await listen(server, { host: "127.0.0.1", port: 0, shutdown, drain_ms: 2_000 });
  await engine.start();

  const call: Api["call"] = (path, init) => fetch(`${listening.url}${path}`, { redirect: "manual", ...init });
  const post: Api["post"] = (path, body, headers = {}) =>
    call(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: body === undefined ? null : JSON.stringify(body),
    });
  return {
    url: listening.url,
    engine,
    storage,
    secrets: app.secrets,
    script,
    provider,
    parts,
    logged,
    call,
    post,
    create: async (request = "Write a greeting.", headers = {}) => {
      const answer = await post("/api/v1/workflows", { request }, headers);
      if (answer.status !== 201) throw new Error(`not created: ${answer.status} ${await answer.text()}`);
      return (await answer.json()) as WorkflowView;
    },
    closed: (id, tenant = "default") =>
      eventOf(app.engine, app.storage, { id, tenant, type: "workflow.closed" }),
    reached: (id, type, role) =>
      eventOf(app.engine, app.storage, {
        id,
        tenant: "default",
        type,
        ...(role === undefined ? {} : { role }),
      }),
    close: async () => {
      await listening.close();
      await app.close(0);
      await postgres?.drop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export async function problemIn(answer: Response): Promise<Problem> {
  if (answer.headers.get("content-type") !== "application/problem+json") {
    throw new Error(
      `no problem: ${answer.status} ${answer.headers.get("content-type")} ${await answer.text()}`,
    );
  }
  return (await answer.json()) as Problem;
}

type Wanted = { readonly id: string; readonly tenant: string; readonly type: string; readonly role?: string };

async function eventOf(engine: Engine, storage: Storage, wanted: Wanted): Promise<void> {
  const { id, tenant, type, role } = wanted;
  const matches = (event: { readonly type: string; readonly role: string | null }): boolean =>
    event.type === type && (role === undefined || event.role === role);
  const heard = Promise.withResolvers<void>();
  const stop = engine.subscribe({ tenant_id: tenant, actor: "test" }, id, (events) => {
    if (events.some(({ event }) => matches(event))) heard.resolve();
  });
  const stored = await storage.forTenant(tenant).readEvents(id, { after: 0, limit: 100_000 });
  if (!stored.some(matches)) await heard.promise;
  stop();
}

/** A provider that is only ever listed and tested: the scripted roles ask no model. */
export class FakeProvider implements ModelProvider {
  readonly name = "fake";
  readonly kind = "openai-compatible";
  readonly tools = true;
  health: ProviderHealth = { healthy: true, latency_ms: 1, message: null };
  listing: () => Promise<ModelInfo[]> = () =>
    Promise.resolve([
      { id: "small", name: "Small", context_window: 8_000 },
      { id: "large", name: "Large", context_window: null },
    ]);
  tests = 0;

  models(): Promise<ModelInfo[]> {
    return this.listing();
  }

  test(): Promise<ProviderHealth> {
    this.tests += 1;
    return Promise.resolve(this.health);
  }

  generate(): Promise<never> {
    return Promise.reject(new Error("the scripted roles ask no model"));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

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
