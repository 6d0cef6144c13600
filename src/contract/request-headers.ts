import { z } from "@hono/zod-openapi";

const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const named = z.string().regex(NAME, "use 1 to 64 letters, digits, underscores and hyphens");

/** Without configured keys the server is one person's own, and these headers select where they work. */
export const TenantHeaders = z.object({
  "x-tenant-id": named.optional().describe("Tenant to work in; `default` when absent."),
  "x-scope-id": named.optional().describe("Scope inside the tenant; its root when absent."),
});

export const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, "use 1 to 255 visible ASCII characters");

export const PostHeaders = TenantHeaders.extend({
  "idempotency-key": idempotencyKey
    .optional()
    .describe("Makes a repeat harmless: the same key with the same body gives the first answer again."),
});

export const StreamHeaders = TenantHeaders.extend({
  "last-event-id": z.string().optional().describe("Sends only what follows this `seq`; wins over `after`."),
});
