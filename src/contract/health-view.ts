import { z } from "@hono/zod-openapi";

export const HealthView = z
  .object({
    status: z.literal("ok"),
    version: z.string(),
    instance_id: z.string().describe("Names this process; another one after every start."),
  })
  .openapi("Health");

export const ReadinessView = z
  .object({
    status: z.enum(["ready", "degraded"]).describe("degraded: the store answers, a provider does not."),
    providers: z.array(
      z.object({
        name: z.string(),
        healthy: z.boolean().nullable().describe("Null until the provider was heard once."),
        message: z.string().nullable(),
      }),
    ),
  })
  .openapi("Readiness");
