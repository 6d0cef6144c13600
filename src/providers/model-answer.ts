import type { LanguageModelV4GenerateResult, LanguageModelV4Usage } from "@ai-sdk/provider";

import type { TokenUsage } from "../core/workflow/events.ts";
import { ModelError, type ModelAnswer } from "../ports/chat-model.ts";

/** Reads a result of the AI SDK. Throws a ModelError, with the usage, for one that was cut off or refused: its text is not to be used. */
export function answerOf(
  result: LanguageModelV4GenerateResult,
  model: string,
  provider: string,
): Omit<ModelAnswer, "latency_ms"> {
  const usage = usageOf(result.usage);
  const body = bodyOf(result);
  // The Responses API may end early without the reason that the SDK looks for, and the package for Ollama forgets the
  // reason as soon as there is a tool call.
  const cutOff = body["status"] === "incomplete" || body["done_reason"] === "length";
  const finish = cutOff ? "length" : result.finishReason.unified;
  const unusable = unfinished(finish, usage, { model, provider });
  if (unusable !== null) throw unusable;
  return {
    text: result.structuredOutputText ?? textOf(result),
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

function bodyOf(result: LanguageModelV4GenerateResult): Readonly<Record<string, unknown>> {
  const body: unknown = result.response?.body;
  return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
}

function textOf(result: LanguageModelV4GenerateResult): string {
  return result.content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("");
}
