import { once } from "node:events";
import type { AddressInfo } from "node:net";

import { serve } from "@hono/node-server";
import { Hono } from "hono";

import type { Served } from "./serve-app.ts";

export type HonoRoutes = {
  readonly read: () => object;
  /** What a POST does before it is answered. */
  readonly create: (index: number) => Promise<void>;
};

/** The least that answers over HTTP: no checks, no log, no tenant. */
export async function serveHono({ read, create }: HonoRoutes): Promise<Served> {
  const app = new Hono();
  let created = 0;
  app.get("/", (c) => c.json(read()));
  app.post("/", async (c) => {
    const { request } = await c.req.json<{ request: string }>();
    const index = created;
    created += 1;
    await create(index);
    return c.json({ id: index, length: request.length }, 201);
  });
  const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: async () => {
      server.close();
      if ("closeAllConnections" in server) server.closeAllConnections();
      await once(server, "close");
    },
  };
}
