import { hash, randomUUID } from "node:crypto";

import { v7 } from "uuid";

import { findDefaultModel } from "./app/default-model.ts";
import { openDeliveries } from "./app/open-deliveries.ts";
import { type OpenedHooks, openGithubHooks } from "./app/open-hooks.ts";
import { openOutbox, type OpenedOutbox } from "./app/open-outbox.ts";
import { type OpenedSecrets, openSecrets } from "./app/open-secrets.ts";
import { openWorkbench, type Workbench } from "./app/open-workbench.ts";
import { systemClock } from "./app/system-clock.ts";
import type { Config } from "./config/config.ts";
import { packageVersion } from "./config/package-version.ts";
import type { DispatcherLimits } from "./engine/dispatcher.ts";
import type { Engine } from "./engine/engine.ts";
import { createDeliveryExecutor } from "./engine/executors/delivery-executor.ts";
import { createRoleExecutor } from "./engine/executors/role-executor.ts";
import { ModelCatalogue, splitReference } from "./engine/model-catalogue.ts";
import type { ModelMeter } from "./engine/model-meter.ts";
import { ModelRouter } from "./engine/model-router.ts";
import type { StepExecutor, StepExecutors } from "./engine/step-executor.ts";
import { WorkflowEngine } from "./engine/workflow-engine.ts";
import { createMemoryLimitStore } from "./limits/memory-limit-store.ts";
import { createModelLimiter } from "./limits/model-limiter.ts";
import type { ModelProvider } from "./ports/chat-model.ts";
import type { Clock } from "./ports/clock.ts";
import type { DeliveryAction } from "./ports/delivery-action.ts";
import type { EffectiveConfig } from "./ports/effective-config.ts";
import type { Logger } from "./ports/logger.ts";
import type { ModelLimiter } from "./ports/model-limiter.ts";
import type { Sandbox } from "./ports/sandbox.ts";
import type { Storage } from "./ports/storage.ts";
import { createPriceTable } from "./prices/price-table.ts";
import { createProviders } from "./providers/registry.ts";
import { roles } from "./roles/registry.ts";
import { createSpendLedger } from "./spend/spend-ledger.ts";
import { openStorage } from "./storage/open-storage.ts";
import { createLogger } from "./telemetry/pino-logger.ts";

/** The wired application; nothing runs before `engine.start()`. */
export type App = {
  readonly engine: Engine;
  readonly storage: Storage;
  readonly sandbox: Sandbox;
  readonly providers: readonly ModelProvider[];
  readonly deliveryActions: ReadonlyMap<string, DeliveryAction>;
  readonly secrets: OpenedSecrets;
  /** Sends nothing before its `start()`. */
  readonly outbox: OpenedOutbox;
  /** Null where no hook is configured. */
  readonly githubHooks: OpenedHooks | null;
  readonly config: Config;
  readonly logger: Logger;
  /** Names this start of this process. */
  readonly instanceId: string;
  /** Stops the engine within `graceMs`, then closes everything it stands on. */
  close(graceMs: number): Promise<void>;
};

/** Parts that tests and benchmarks put in the place of the real ones. */
export type AppOverrides = {
  readonly providers?: readonly ModelProvider[];
  readonly executors?: StepExecutors;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly limiter?: ModelLimiter;
  readonly workbench?: Workbench;
  /** Beside the shipped ones. */
  readonly deliveryActions?: readonly DeliveryAction[];
  readonly logger?: Logger;
  /** Puts something between the engine and its store. */
  readonly wrapStorage?: (storage: Storage) => Storage;
};

/** Opens storage and wires the engine. Rejects with a StorageError when the database can't be used. */
export async function openApp(config: Config, overrides: AppOverrides = {}): Promise<App> {
  const { logger = createLogger(config.log), clock = systemClock, random = Math.random } = overrides;
  const instanceId = randomUUID();
  const providers = overrides.providers ?? (await createProviders(config.providers, { logger }));
  const opened = await openStorage(config.database, { logger });
  const storage = overrides.wrapStorage?.(opened) ?? opened;
  const catalogue = new ModelCatalogue(providers, clock, logger);
  const router = new ModelRouter(catalogue, () => defaultModel(config, providers, catalogue));
  const secrets = openSecrets({ config, storage, clock });
  const deliveries = openDeliveries({ config, clock, logger, secrets }, overrides.deliveryActions);
  const outbox = openOutbox({ config, storage, secrets: secrets.resolver, clock, random, logger });
  const meter = meterOf(config, { storage, clock, random, logger }, overrides.limiter);
  const workbench = overrides.workbench ?? (await openWorkbench({ config, clock, logger }));
  const { toolbox, diffs, repositories } = workbench;
  const task = createRoleExecutor({ roles, catalogue, router, meter, toolbox, diffs });
  const delivery = createDeliveryExecutor({ actions: deliveries.actions, secrets });
  const engine = new WorkflowEngine({
    storage,
    roles,
    router,
    deliveryActions: deliveries.actions,
    deliverySecrets: secrets,
    messages: outbox.messages,
    repositories,
    diffs,
    effectiveConfig: effectiveConfigOf(config),
    executors: overrides.executors ?? executorsOf(workbench, task, delivery),
    limits: dispatcherLimits(config),
    role: config.role,
    version: packageVersion(),
    owner: instanceId,
    clock,
    logger,
    random,
    newId: () => `wf_${v7().replaceAll("-", "")}`,
  });
  const close = async (graceMs: number): Promise<void> => {
    try {
      await engine.stop(graceMs);
      await outbox.close();
      await Promise.all([workbench, deliveries, ...providers].map((part) => part.close()));
    } finally {
      await storage.close();
    }
  };
  return {
    engine,
    storage,
    sandbox: workbench.sandbox,
    providers,
    deliveryActions: deliveries.actions,
    secrets,
    outbox,
    githubHooks: openGithubHooks({ config, storage, secrets, clock, logger, deliveries, workbench }),
    config,
    logger,
    instanceId,
    close,
  };
}

/** A configured default stands or fails by itself; only where none is configured one is looked for. */
async function defaultModel(
  { workflow: { default_model } }: Config,
  providers: readonly ModelProvider[],
  catalogue: ModelCatalogue,
): Promise<string | null> {
  if (default_model === null) return findDefaultModel(providers, catalogue);
  return catalogue.provider(splitReference(default_model).provider) ? default_model : null;
}

function executorsOf(
  { workspace, validation }: Workbench,
  task: StepExecutor,
  delivery: StepExecutor,
): StepExecutors {
  return { workspace, role: task, task, validation, delivery };
}

function meterOf(config: Config, parts: LimiterParts, given: ModelLimiter | undefined): ModelMeter {
  return {
    limiter: given ?? limiterOf(config, parts),
    ledger: createSpendLedger({ storage: parts.storage, budgets: config.budgets }),
    prices: createPriceTable(config.prices),
    clock: parts.clock,
  };
}

type LimiterParts = {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
};

function limiterOf(config: Config, { storage, clock, random, logger }: LimiterParts): ModelLimiter {
  const limits = new Map(config.providers.map((provider) => [provider.name, provider.limits]));
  const store = storage.limitStore?.(clock) ?? createMemoryLimitStore();
  return createModelLimiter({ limits, store, clock, random, logger });
}

function dispatcherLimits(config: Config): DispatcherLimits {
  const workflows = config.max_concurrent_workflows;
  const perTenant = config.max_concurrent_workflows_per_tenant ?? Math.ceil(workflows * USUAL_SHARE);
  return { workflows, perTenant };
}

/** What one tenant may take of a node, so that another's request starts at once. */
const USUAL_SHARE = 0.75;

/** One level for now: the installation's configuration holds in every scope. */
function effectiveConfigOf(config: Config): EffectiveConfig {
  const effective = { config: config.workflow, hash: hash("sha256", JSON.stringify(config.workflow), "hex") };
  return () => effective;
}
