import type { LanguageModelV4, LanguageModelV4CallOptions } from "@ai-sdk/provider";
import { wrapLanguageModel, type LanguageModelMiddleware } from "ai";

import {
  ModelError,
  type CallOutcome,
  type ModelAnswer,
  type ModelCallGuard,
  type ModelRequest,
} from "../ports/chat-model.ts";
import { answerOf } from "./model-answer.ts";
import { abortReason, unlessAborted } from "./unless-aborted.ts";

/** What a vendor brought back, before it is timed. */
export type Answered = Omit<ModelAnswer, "latency_ms">;

/** One model call, with what must surround it. */
export type GuardedCall = {
  readonly guard: ModelCallGuard;
  readonly provider: string;
  readonly request: ModelRequest;
  readonly toError: (thrown: unknown) => ModelError;
  /** Takes the answer out of a text that may hold more. */
  readonly readText?: (text: string) => string;
};

/**
 * The bracket around every request to a model, whatever the vendor: reserve, send, settle. Nothing is sent when the
 * guard refuses, and an abort rejects with the signal's reason even where the vendor's code does not listen to it.
 */
export async function guardedCall(call: GuardedCall, send: () => Promise<Answered>): Promise<ModelAnswer> {
  const { guard, provider, request } = call;
  request.signal.throwIfAborted();
  await guard.reserve(provider, request);
  const started = performance.now();
  const latency = (): number => Math.round(performance.now() - started);
  let answer: ModelAnswer;
  try {
    const answered = await unlessAborted(request.signal, send);
    answer = { ...answered, latency_ms: latency() };
  } catch (thrown) {
    const error = request.signal.aborted ? abortReason(request.signal) : call.toError(thrown);
    await guard.settle(provider, request, failed(error, latency()));
    throw error;
  }
  await guard.settle(provider, request, { ok: true, answer });
  return answer;
}

/** Sends one request through the AI SDK, once: its own retries belong to its higher functions, which are not used. */
export async function generateGuarded(
  model: LanguageModelV4,
  options: LanguageModelV4CallOptions,
  call: GuardedCall,
): Promise<ModelAnswer> {
  const answers: ModelAnswer[] = [];
  const guarding: LanguageModelMiddleware = {
    specificationVersion: "v4",
    wrapGenerate: async ({ doGenerate }) => {
      const results: Awaited<ReturnType<typeof doGenerate>>[] = [];
      const send = async (): Promise<Answered> => {
        const result = await doGenerate();
        results.push(result);
        const answered = answerOf(result, call.request.model, call.provider);
        return call.readText === undefined ? answered : { ...answered, text: call.readText(answered.text) };
      };
      answers.push(await guardedCall(call, send));
      return first(results);
    },
  };
  await wrapLanguageModel({ model, middleware: guarding }).doGenerate(options);
  return first(answers);
}

function failed(error: Error, latency: number): CallOutcome {
  if (error instanceof ModelError) {
    return { ok: false, code: error.code, message: error.message, latency_ms: latency, usage: error.usage };
  }
  const code = error.name === "TimeoutError" ? "timeout" : "aborted";
  return { ok: false, code, message: error.message, latency_ms: latency, usage: null };
}

function first<T>(items: readonly T[]): T {
  const [item] = items;
  if (item === undefined) throw new Error("the model call ended without a result");
  return item;
}
