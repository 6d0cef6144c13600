import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { OpenAPIHono } from "@hono/zod-openapi";

import * as contract from "../../contract/routes.ts";
import { eventRow } from "../../core/workflow/event-row.ts";
import { EventStreams } from "../event-streams.ts";
import { HttpError } from "../http-error.ts";
import { linkNext } from "../page.ts";
import { SECURITY_HEADERS } from "../security-headers.ts";
import type { ServerEnv } from "../server-env.ts";
import type { ServerParts } from "../server-parts.ts";
import { loadHead } from "../workflow-id.ts";

const STREAM_HEADERS = {
  ...SECURITY_HEADERS,
  "content-type": "text/event-stream",
  // Proxies would hold the frames back.
  "x-accel-buffering": "no",
};

export function eventRoutes(
  app: OpenAPIHono<ServerEnv>,
  parts: Pick<ServerParts, "engine" | "shutdown">,
): void {
  const streams = new EventStreams(parts.engine, parts.shutdown);

  app.openapi(contract.listEvents, async (c) => {
    const { limit, after, cursor } = c.req.valid("query");
    const storage = c.get("storage");
    const { id } = await loadHead(storage, c.req.valid("param").id);
    const from = cursor === undefined ? (after ?? 0) : Number(cursor);
    const events = await storage.readEvents(id, { after: from, limit: limit + 1 });
    const data = events.slice(0, limit).map((event) => eventRow(id, event));
    const next_cursor = events.length > limit ? String(data.at(-1)?.seq) : null;
    linkNext(c, next_cursor);
    return c.json({ data, next_cursor }, 200);
  });

  app.openapi(contract.streamEvents, async (c) => {
    const storage = c.get("storage");
    const head = await loadHead(storage, c.req.valid("param").id);
    const after = sequence(
      c.req.valid("header")["last-event-id"] ?? c.req.valid("query").after,
      head.version,
    );
    if (head.closed && after === head.version) return c.body(null, 204);
    const headers = { ...STREAM_HEADERS, "x-request-id": c.get("request_id") };
    if (c.req.method === "HEAD") return c.body(null, 200, headers);
    streams.open({
      principal: c.get("principal"),
      workflow_id: head.id,
      storage,
      behind: after < head.version,
      after,
      headers,
      outgoing: c.env.outgoing,
      log: c.get("log"),
    });
    return RESPONSE_ALREADY_SENT;
  });
}

/** A place in the journal that exists: a client that knows more than there is follows another workflow. */
function sequence(given: string | undefined, newest: number): number {
  if (given === undefined || given === "") return 0;
  const seq = /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN;
  if (seq <= newest) return seq;
  throw new HttpError(
    "invalid_event_id",
    `The event id must be a sequence number from 0 to ${newest}, the last event.`,
  );
}
