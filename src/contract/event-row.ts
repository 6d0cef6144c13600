import { z } from "@hono/zod-openapi";

import { RoleName } from "../core/role-name.ts";
import { limit } from "./paging.ts";

/** An event on the wire. The list of types is open: readers ignore the ones they do not know. */
export const EventRow = z
  .object({
    seq: z.int().min(1).describe("Counts from 1 without gaps in each workflow; the SSE id."),
    id: z.string().describe("`<workflow_id>:<seq>`"),
    workflow_id: z.string(),
    type: z.string(),
    role: RoleName.nullable(),
    step_id: z.string().nullable(),
    task_id: z.string().nullable(),
    payload: z.record(z.string(), z.unknown()),
    actor: z.string(),
    version: z.int().describe("Version of the payload's shape."),
    occurred_at: z.iso.datetime(),
  })
  .openapi("Event");
export type EventRow = z.infer<typeof EventRow>;

/** `after` and `cursor` both are the last `seq` already known; `cursor` is what a page before gave. */
export const EventsQuery = z.strictObject({
  limit,
  after: z.coerce
    .number({ error: "a sequence number, 0 or more" })
    .int()
    .min(0)
    .optional()
    .describe("Only events with a higher `seq`."),
  cursor: z
    .string()
    .regex(/^\d{1,15}$/, "give the next_cursor of the page before")
    .optional(),
});
