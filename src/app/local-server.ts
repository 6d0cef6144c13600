import { type App, openApp } from "../app.ts";
import type { Config } from "../config/config.ts";
import { createServer } from "../server/create-server.ts";
import { listen } from "../server/listen.ts";
import { rehearseFailures } from "./rehearse-failures.ts";

export type LocalServer = {
  readonly url: string;
  readonly app: App;
  /** Ends open streams, lets requests in flight finish, stops the engine within `graceMs` and closes the store. */
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

/** Opens the application and its API in this process. Rejects with a StorageError or a ListenError, leaving nothing open. */
export async function openLocalServer(config: Config, options: LocalServerOptions): Promise<LocalServer> {
  const app = await openApp(config);
  const shutdown = new AbortController();
  try {
    const { engine, storage, providers, logger, instanceId } = app;
    if (options.failpoints != null) rehearseFailures(options.failpoints, logger);
    const server = createServer({
      engine,
      storage,
      providers,
      config,
      logger,
      version: options.version,
      instance_id: instanceId,
      shutdown: shutdown.signal,
    });
    const { host, port } = options;
    const listening = await listen(server, { host, port, shutdown, drain_ms: DRAIN_MS });
    if (options.execute) await engine.start();
    const close = async (graceMs: number): Promise<void> => {
      await listening.close();
      await app.close(graceMs);
    };
    return { url: listening.url, app, close };
  } catch (error) {
    await app.close(0);
    throw error;
  }
}
