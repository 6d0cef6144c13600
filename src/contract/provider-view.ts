import { z } from "@hono/zod-openapi";

export const ProviderView = z
  .object({
    name: z.string().describe("Name in provider/model."),
    kind: z.string(),
    default_model: z
      .string()
      .nullable()
      .describe("The model of this provider that is the default of all roles, if one is."),
  })
  .openapi("Provider");

export const ModelView = z
  .object({
    id: z.string(),
    name: z.string(),
    context_window: z.int().nullable().describe("Tokens; null when unknown."),
  })
  .openapi("Model");

export const ProviderHealthView = z
  .object({
    healthy: z.boolean(),
    latency_ms: z.number(),
    message: z.string().nullable().describe("What is wrong and what to do; null when healthy."),
  })
  .openapi("ProviderHealth");
