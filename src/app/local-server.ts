import { type App, openApp } from "../app.ts";
import type { Config } from "../config/config.ts";
import { type HourlyPruning, startHourlyPruning } from "../maintenance/hourly-pruning.ts";
import { createServer } from "../server/create-server.ts";
import { listen, type Listening } from "../server/listen.ts";
import { rehearseFailures } from "./rehearse-failures.ts";
import { systemClock } from "./system-clock.ts";

export type LocalServer = {
  readonly url: string;
  readonly app: App;
  /**
   * Turns readiness off, ends open streams, lets requests in flight finish, then gives running steps `graceMs` before
   * they are handed over, and closes the store. Reads are answered until the steps have ended.
   */
  close(graceMs: number): Promise<void>;
};

export type LocalServerOptions = {
  readonly host: string;
  readonly port: number;
  readonly version: string;
  /** Whether unfinished workflows are continued; without it the server only shows and steers what is stored. */
  readonly execute: boolean;
  /** Failures to rehearse, as `rehearseFailures` takes them; null rehearses none. */
  readonly failpoints?: string | null;
};

const DRAIN_MS = 2_000;

/**
 * Opens the application and its API in this process. Rejects with a StorageError, a ListenError, or a ConfigError for hooks
 * that could start nothing, leaving nothing open.
 */
export async function openLocalServer(config: Config, options: LocalServerOptions): Promise<LocalServer> {
  const app = await openApp(config);
  const shutdown = new AbortController();
  let listening: Listening | null = null;
  try {
    const { engine, storage, logger } = app;
    if (options.execute) app.githubHooks?.check();
    if (options.failpoints != null) rehearseFailures(options.failpoints, logger);
    const server = createServer({
      ...app,
      version: options.version,
      instance_id: app.instanceId,
      shutdown: shutdown.signal,
    });
    const { host, port } = options;
    listening = await listen(server, { host, port, shutdown, drain_ms: DRAIN_MS });
    // A node that runs no steps still has to hear of what the others commit.
    if (options.execute || config.role === "api") await engine.start();
    if (options.execute && config.role !== "api") app.outbox.start();
    const pruning =
      options.execute && config.role !== "api"
        ? startHourlyPruning({
            retention: storage.system.retention,
            hooks: storage.system.hooks,
            workflowsDays: config.retention.workflows_days,
            clock: systemClock,
            logger,
          })
        : null;
    return { url: listening.url, app, close: closing(listening, app, pruning) };
  } catch (error) {
    await listening?.close();
    await app.close(0);
    throw error;
  }
}

function closing(listening: Listening, app: App, pruning: HourlyPruning | null): LocalServer["close"] {
  return async (graceMs) => {
    try {
      await Promise.all([listening.drain(), pruning?.stop()]);
      await app.engine.stop(graceMs);
    } finally {
      await listening.close();
      await app.close(0);
    }
  };
}
