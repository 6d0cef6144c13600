import { join } from "node:path";

import { type App, type AppOverrides, openApp } from "../../src/app.ts";
import { Config } from "../../src/config/config.ts";
import type { CreateWorkflowInput, Principal } from "../../src/engine/engine.ts";
import type { Place } from "../system.ts";
import { NULL_MODEL } from "./null-outputs.ts";

export const PRINCIPAL: Principal = { tenant_id: "default", actor: "benchmark" };

export const REQUEST: CreateWorkflowInput = {
  request: "Write the files of the benchmark's job.",
  title: null,
  mode: null,
  provider: null,
  model: null,
  max_qa_retries: null,
  delivery: null,
  budget: null,
  workspace: null,
  gates: null,
  tools: null,
  scope_id: null,
};

const PARALLEL_TASKS = 16;

/** The application as it is served, at its defaults but for the limits of the case. */
export function openEngineApp(
  place: Place,
  overrides: AppOverrides,
  model: string | null = NULL_MODEL,
): Promise<App> {
  const config = Config.parse({
    data_dir: place.directory,
    database: place.databaseUrl ?? `sqlite:${join(place.directory, "orca.db")}`,
    log: { level: "error", format: "json" },
    workflow: { default_model: model, max_concurrent_tasks: PARALLEL_TASKS },
    max_concurrent_workflows: place.concurrency,
    // There is one tenant in a benchmark.
    max_concurrent_workflows_per_tenant: place.concurrency,
  });
  return openApp(config, overrides);
}
