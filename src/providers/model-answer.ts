import type { LanguageModelV4GenerateResult, LanguageModelV4Usage } from "@ai-sdk/provider";

import type { TokenUsage } from "../core/workflow/events.ts";
import { ModelError, type ModelAnswer, type ModelRequest } from "../ports/chat-model.ts";
import { toolCallsIn } from "./tool-calls.ts";

/**
 * Reads a result of the AI SDK. Throws a ModelError, with the usage, for one that was cut off or refused: neither its
 * text nor its tool calls are to be used. Calls are read only where tools were offered, then also those of others.
 */
export function answerOf(
  result: LanguageModelV4GenerateResult,
  { model, tools, messages }: Pick<ModelRequest, "model" | "tools" | "messages">,
  provider: string,
): Omit<ModelAnswer, "latency_ms"> {
  const usage = usageOf(result.usage);
  const body = objectOf(result.response?.body);
  const finish = earlyEnd(body) ?? result.finishReason.unified;
  const unusable = unfinished(finish, usage, { model, provider });
  if (unusable !== null) throw unusable;
  const calls = tools.length === 0 ? [] : toolCallsIn(result.content, messages);
  return {
    text: calls.length > 0 ? textOf(result) : (result.structuredOutputText ?? textOf(result)),
    tool_calls: calls,
    finish_reason: finish,
    usage,
    // Every wire format names it here, while the package for Ollama tells the model that was asked for.
    model_served: typeof body["model"] === "string" ? body["model"] : (result.response?.modelId ?? model),
  };
}

/** The error of a finish reason that leaves no whole answer, else null. The words are those of the AI SDK and of OpenAI. */
export function unfinished(
  finish: string,
  usage: TokenUsage,
  place: { readonly model: string; readonly provider: string },
): ModelError | null {
  const who = `${place.provider}/${place.model}`;
  if (finish === "length") {
    return new ModelError("truncated", `The answer of ${who} was cut off at its output limit.`, { usage });
  }
  if (finish === "content-filter" || finish === "content_filter") {
    return new ModelError("refusal", `${who} refused to answer, or its answer was filtered.`, { usage });
  }
  if (finish === "error") {
    return new ModelError("overloaded", `${who} broke off its answer with an error.`, { usage });
  }
  return null;
}

/** A whole number of tokens; 0 when the provider does not tell. */
export function tokens(count: number | null | undefined): number {
  return count !== null && count !== undefined && count > 0 ? Math.round(count) : 0;
}

function usageOf(usage: LanguageModelV4Usage): TokenUsage {
  return {
    input_tokens: tokens(usage.inputTokens.total),
    output_tokens: tokens(usage.outputTokens.total),
    cached_input_tokens: tokens(usage.inputTokens.cacheRead),
    reasoning_tokens: tokens(usage.outputTokens.reasoning),
  };
}

/**
 * The Responses API may end early without the reason that the SDK looks for, and the packages for it and for Ollama
 * forget the reason as soon as there is a tool call.
 */
function earlyEnd(body: Readonly<Record<string, unknown>>): string | null {
  const incomplete = body["status"] === "incomplete";
  const reason = incomplete ? objectOf(body["incomplete_details"])["reason"] : body["done_reason"];
  if (reason === "content_filter") return "content-filter";
  return incomplete || reason === "length" ? "length" : null;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function textOf(result: LanguageModelV4GenerateResult): string {
  return result.content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("");
}
