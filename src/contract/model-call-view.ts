import { z } from "@hono/zod-openapi";

import { RoleName } from "../core/role-name.ts";
import type { ModelCallRow } from "../core/workflow/commit.ts";
import { TokenUsage } from "../core/workflow/events.ts";

/** One request to a model. What only its end brings is null while the end is not known. */
export const ModelCallView = z
  .object({
    step_id: z.string(),
    attempt: z.int(),
    ordinal: z.int().describe("Counts from 1 inside the attempt."),
    role: RoleName,
    status: z
      .enum(["requested", "answered", "failed"])
      .describe("requested: it has left and its end is not known; in flight, or lost."),
    provider: z.string(),
    model_asked: z.string(),
    model_served: z.string().nullable().describe("As the provider named it."),
    usage: z.object(TokenUsage.shape).nullable(),
    cost_usd: z.number().nullable().describe("US dollars; null when the price or the end is unknown."),
    reserved: z
      .object({ tokens: z.int(), cost_usd: z.number().nullable() })
      .nullable()
      .describe("What it may take at most; null once its end is known."),
    latency_ms: z.number().nullable(),
    finish_reason: z.string().nullable(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    request_hash: z
      .string()
      .describe("Of everything that was sent; a later attempt replays an equal request."),
    prompt_hash: z.string().describe("Of the role's prompt."),
    packet_hash: z.string().describe("Of what the role was given to work on."),
    config_hash: z.string().describe("Of the settings it ran under."),
    response_hash: z.string().nullable(),
    created_at: z.string().describe("When it left."),
    url: z.string().describe("Where prompt and response are, on this server."),
  })
  .openapi("ModelCall");
export type ModelCallView = z.infer<typeof ModelCallView>;

export const ModelCallDetail = ModelCallView.extend({
  bodies: z.enum(["shown", "withheld"]).describe("withheld: the caller may not see prompt and response."),
  prompt: z.string().nullable().describe("The role's prompt; null when withheld or no longer kept."),
  response: z
    .string()
    .nullable()
    .describe("What the model answered; null when withheld, without an answer, or no longer kept."),
}).openapi("ModelCallDetail");
export type ModelCallDetail = z.infer<typeof ModelCallDetail>;

export function toModelCallView(workflowId: string, call: ModelCallRow): ModelCallView {
  const { step_id, attempt, ordinal, role, status, provider, model_asked } = call;
  const { request_hash, prompt_hash, packet_hash, config_hash, response_hash, created_at, error } = call;
  const open = status === "requested";
  const step = encodeURIComponent(step_id).replaceAll("%3A", ":");
  return {
    step_id,
    attempt,
    ordinal,
    role,
    status,
    provider,
    model_asked,
    model_served: open || call.model_served === "" ? null : call.model_served,
    usage: open ? null : call.usage,
    cost_usd: open ? null : call.cost_usd,
    reserved: open ? { tokens: call.tokens, cost_usd: call.cost_usd } : null,
    latency_ms: open ? null : call.latency_ms,
    finish_reason: open ? null : call.finish_reason,
    error,
    request_hash,
    prompt_hash,
    packet_hash,
    config_hash,
    response_hash,
    created_at,
    url: `/api/v1/workflows/${workflowId}/steps/${step}/model_calls/${attempt}/${ordinal}`,
  };
}
