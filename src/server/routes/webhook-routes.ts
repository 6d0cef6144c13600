import { type OpenAPIHono, z } from "@hono/zod-openapi";

import type { MessageView } from "../../contract/message-view.ts";
import * as contract from "../../contract/webhook-routes.ts";
import type { Message } from "../../ports/outbox.ts";
import { decodeCursor, encodeCursor } from "../cursor.ts";
import { HttpError } from "../http-error.ts";
import { linkNext } from "../page.ts";
import type { ServerEnv } from "../server-env.ts";
import type { ServerParts } from "../server-parts.ts";

const ID = /^[A-Za-z0-9_-]{1,256}$/;
const MessagePosition = z.strictObject({ created_at: z.iso.datetime(), id: z.string().regex(ID) });

/** What is told to the webhooks of the configuration. */
export function webhookRoutes(app: OpenAPIHono<ServerEnv>, { outbox }: Pick<ServerParts, "outbox">): void {
  app.openapi(contract.listMessages, async (c) => {
    const { limit, cursor, status, workflow_id } = c.req.valid("query");
    const messages = await c.get("storage").listMessages({
      limit: limit + 1,
      after: cursor === undefined ? null : decodeCursor(cursor, MessagePosition),
      statuses: status ?? null,
      workflow_id: workflow_id ?? null,
    });
    const last = messages.length > limit ? messages[limit - 1] : undefined;
    const next_cursor =
      last === undefined ? null : encodeCursor({ created_at: last.created_at, id: last.id });
    linkNext(c, next_cursor);
    return c.json({ data: messages.slice(0, limit).map(toMessageView), next_cursor }, 200);
  });

  app.openapi(contract.redeliverMessage, async (c) => {
    const { message_id: id } = c.req.valid("param");
    const storage = c.get("storage");
    const known = ID.test(id) && (await storage.redeliverMessage(id, Date.now()));
    const message = known ? await storage.loadMessage(id) : null;
    if (message === null)
      throw new HttpError("message_not_found", "There is no such message; list them to see their ids.");
    outbox.wake();
    return c.json(toMessageView(message), 202);
  });
}

function toMessageView(message: Message): MessageView {
  const { id, workflow_id, endpoint, type, status, attempts, last_result, created_at, delivered_at } =
    message;
  const next_attempt_at = status === "pending" ? new Date(message.due_at).toISOString() : null;
  return {
    id,
    workflow_id,
    endpoint,
    type,
    status,
    attempts,
    next_attempt_at,
    last_result,
    created_at,
    delivered_at,
  };
}
