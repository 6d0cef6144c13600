import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
} from "@ai-sdk/provider";
import { wrapLanguageModel, type LanguageModelMiddleware } from "ai";

import type { ModelAnswer, ModelError, ModelRequest } from "../ports/chat-model.ts";
import type { Logger } from "../ports/logger.ts";
import { answerOf } from "./model-answer.ts";
import { abortReason, unlessAborted } from "./unless-aborted.ts";

/** What a vendor brought back, before it is timed. */
export type Answered = Omit<ModelAnswer, "latency_ms">;

/** What tells of one model call, whatever the vendor. */
export type OneRequest = {
  readonly provider: string;
  readonly request: ModelRequest;
  readonly toError: (thrown: unknown) => ModelError;
  readonly logger: Logger;
  /** Takes the answer out of a text that may hold more. */
  readonly readText?: (text: string) => string;
};

/**
 * Sends once and times it. Rejects with what `toError` makes of a failure, or with the reason of the signal: at once when
 * it is aborted, even where the vendor's code does not listen to it.
 */
export async function sendOnce(
  { request, toError }: Pick<OneRequest, "request" | "toError">,
  send: () => Promise<Answered>,
): Promise<ModelAnswer> {
  request.signal.throwIfAborted();
  const started = performance.now();
  try {
    const answered = await unlessAborted(request.signal, send);
    return { ...answered, latency_ms: Math.round(performance.now() - started) };
  } catch (thrown) {
    throw request.signal.aborted ? abortReason(request.signal) : toError(thrown);
  }
}

/** Sends one request through the AI SDK, once: its own retries belong to its higher functions, which are not used. */
export async function generateOnce(
  model: LanguageModelV4,
  options: LanguageModelV4CallOptions,
  call: OneRequest,
): Promise<ModelAnswer> {
  const answers: ModelAnswer[] = [];
  const once: LanguageModelMiddleware = {
    specificationVersion: "v4",
    wrapGenerate: async ({ doGenerate }) => {
      const results: Awaited<ReturnType<typeof doGenerate>>[] = [];
      const send = async (): Promise<Answered> => {
        const result = await doGenerate();
        results.push(result);
        const answered = answerOf(result, call.request, call.provider);
        tellOfTools(result, answered, call);
        // What is said beside tool calls is no answer yet.
        if (call.readText === undefined || answered.tool_calls.length > 0) return answered;
        return { ...answered, text: call.readText(answered.text) };
      };
      answers.push(await sendOnce(call, send));
      return first(results);
    },
  };
  await wrapLanguageModel({ model, middleware: once }).doGenerate(options);
  return first(answers);
}

/** A model or a server gone astray; what else is in its answer still counts. */
function tellOfTools(
  { content }: LanguageModelV4GenerateResult,
  { tool_calls }: Answered,
  { logger, provider, request }: OneRequest,
): void {
  const told = content.filter((part) => part.type === "tool-call").length;
  const calls = told - tool_calls.length;
  if (calls === 0) return;
  const fields = { provider, model: request.model, calls };
  const which = request.tools.length === 0 ? "nobody offered" : "were told twice or are the vendor's own";
  logger.warn(fields, `a model made tool calls that ${which}; they were passed over`);
}

function first<T>(items: readonly T[]): T {
  const [item] = items;
  if (item === undefined) throw new Error("the model call ended without a result");
  return item;
}
