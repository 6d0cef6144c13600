import { createRoute, z } from "@hono/zod-openapi";

import { MessagesQuery, MessageView } from "./message-view.ts";
import { NoQuery } from "./paging.ts";
import { PostHeaders, TenantHeaders } from "./request-headers.ts";
import { body, json, page, refused } from "./route-parts.ts";
import { NoFields } from "./workflow-request.ts";

const MessagePath = z.object({ message_id: z.string() });

export const listMessages = createRoute({
  method: "get",
  path: "/api/v1/webhooks/messages",
  operationId: "listWebhookMessages",
  tags: ["webhooks"],
  summary: "List what was sent to the configured webhooks or waits for it, newest first",
  request: { headers: TenantHeaders, query: MessagesQuery },
  responses: { 200: page(MessageView, "WebhookMessageList", "A page of messages."), 422: refused },
});

export const redeliverMessage = createRoute({
  method: "post",
  path: "/api/v1/webhooks/messages/{message_id}/redeliver",
  operationId: "redeliverWebhookMessage",
  tags: ["webhooks"],
  summary: "Send a message again, whatever became of it",
  description:
    "It keeps its id, so that a receiver which has had it knows it, and gets all its attempts anew.",
  request: { headers: PostHeaders, params: MessagePath, query: NoQuery, body: body(NoFields, false) },
  responses: {
    202: json(MessageView, "It is sent within seconds."),
    404: refused,
    422: refused,
  },
});
