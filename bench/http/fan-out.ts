import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import type { StepContext } from "../../src/engine/step-executor.ts";
import type { CaseRequest } from "../case.ts";
import { createNullExecutors } from "../engine/null-executors.ts";
import { createNullProvider } from "../engine/null-provider.ts";
import { openEngineApp, PRINCIPAL, REQUEST } from "../engine/open-engine-app.ts";
import { Job } from "../job.ts";
import { sharedNow } from "./now.ts";
import { serveApp } from "./serve-app.ts";

/** Something that sends events to whoever listens. */
export type FanOut = {
  readonly port: number;
  /** Where a client hears of what comes from now on. */
  readonly path: () => string;
  readonly emit: (text: string) => void;
  /** When each event was handed to the clients, by its id. */
  readonly sent: Map<number, number>;
  readonly close: () => Promise<void>;
};

/** One workflow of the engine whose first task journals a fact for each event: every event is one commit. */
export async function engineFanOut(request: CaseRequest): Promise<FanOut> {
  const job = new Job(request.shape);
  const task = Promise.withResolvers<StepContext>();
  const executors = {
    ...createNullExecutors(job),
    task: async (context: StepContext): Promise<never> => {
      task.resolve(context);
      await once(context.signal, "abort");
      throw context.signal.reason;
    },
  };
  const app = await openEngineApp(
    { ...request, concurrency: 1 },
    { providers: [createNullProvider(job)], executors },
  );
  const sent = new Map<number, number>();
  // The first to listen, so that it hears of an event just before the streams do.
  app.engine.subscribe(PRINCIPAL, "fan", (published) => {
    for (const { event } of published) sent.set(event.seq, sharedNow());
  });
  await app.engine.start();
  await app.engine.create(PRINCIPAL, REQUEST, "fan");
  const { record } = await task.promise;
  const served = await serveApp(app);
  return {
    port: served.port,
    path: () => `/api/v1/workflows/fan/stream?after=${Math.max(0, ...sent.keys())}`,
    emit: (problem) =>
      record([{ type: "contract.violated", payload: { role: "implementer", fields: [], problem } }]),
    sent,
    close: async () => {
      await served.close();
      await app.close(0);
    },
  };
}

/** The least that sends events: one buffer for all clients. */
export async function rawFanOut(): Promise<FanOut> {
  const clients = new Set<ServerResponse>();
  const sent = new Map<number, number>();
  const server = createServer((incoming, outgoing) => {
    outgoing.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    outgoing.flushHeaders();
    outgoing.socket?.setNoDelay(true);
    clients.add(outgoing);
    incoming.on("close", () => clients.delete(outgoing));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  let id = 0;
  return {
    port: (server.address() as AddressInfo).port,
    path: () => "/",
    emit: (text) => {
      id += 1;
      sent.set(id, sharedNow());
      const at = new Date().toISOString();
      const data = JSON.stringify({ id, type: "step.completed", at, actor: "raw", step_id: "task:t1", text });
      const frame = Buffer.from(`id: ${id}\nevent: step.completed\ndata: ${data}\n\n`);
      for (const client of clients) client.write(frame);
    },
    sent,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
