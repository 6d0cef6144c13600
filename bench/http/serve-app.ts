import type { App } from "../../src/app.ts";
import { createServer } from "../../src/server/create-server.ts";
import { listen } from "../../src/server/listen.ts";

export type Served = { readonly port: number; readonly close: () => Promise<void> };

/** The API in front of an application, as `orca serve` puts it there. */
export async function serveApp(app: App): Promise<Served> {
  const shutdown = new AbortController();
  const server = createServer({
    ...app,
    version: "0.0.0",
    instance_id: app.instanceId,
    shutdown: shutdown.signal,
  });
  const listening = await listen(server, { host: "127.0.0.1", port: 0, shutdown, drain_ms: 1_000 });
  return { port: listening.port, close: () => listening.close() };
}
