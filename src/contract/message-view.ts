import { z } from "@hono/zod-openapi";

import { MESSAGE_STATUSES } from "../core/message-status.ts";
import { PageQuery } from "./paging.ts";

const MessageStatus = z.enum(MESSAGE_STATUSES);

/** A message to a webhook of the configuration, without what it says. */
export const MessageView = z
  .object({
    id: z.string().describe("What its receiver knows it by, in `webhook-id`."),
    workflow_id: z.string(),
    endpoint: z.string().describe("Name of the webhook in the configuration."),
    type: z.string().describe("What it tells of, such as workflow.completed."),
    status: MessageStatus.describe("dead: given up on; it can be sent again."),
    attempts: z.int().describe("Since it was written, or was last asked for."),
    next_attempt_at: z.string().nullable().describe("Not before then; null unless it is pending."),
    last_result: z.string().nullable().describe("What the last attempt brought; null before the first."),
    created_at: z.string(),
    delivered_at: z.string().nullable(),
  })
  .openapi("WebhookMessage");
export type MessageView = z.infer<typeof MessageView>;

export const MessagesQuery = PageQuery.extend({
  status: z
    .union([z.string(), z.array(z.string())])
    .transform((given) => [given].flat().flatMap((text) => text.split(",")))
    .pipe(z.array(MessageStatus))
    .optional()
    .openapi({
      type: "array",
      items: { type: "string", enum: [...MESSAGE_STATUSES] },
      description: "Only these statuses; repeat it or separate them by commas.",
    }),
  workflow_id: z.string().optional().describe("Only this workflow."),
});
