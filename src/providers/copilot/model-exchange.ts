import type { SessionEvent } from "@github/copilot-sdk";

import type { FailureCode } from "../../core/failure-policy.ts";
import type { TokenUsage } from "../../core/workflow/events.ts";
import { createFetch } from "../../egress/http-client.ts";
import { ModelError, type ModelRequest } from "../../ports/chat-model.ts";
import type { Answered } from "../middleware.ts";
import { unfinished, tokens } from "../model-answer.ts";
import { fromHttp, quote, toModelError } from "../model-error.ts";
import type { Endpoint } from "../provider-settings.ts";
import { abortReason } from "../unless-aborted.ts";
import { readVendorError } from "../vendor-error.ts";

type ExchangeSettings = {
  readonly request: ModelRequest;
  readonly endpoint: Endpoint;
  readonly sendTrace: boolean;
};

/** One request to a model and its answer, seen from both sides of Copilot's runtime: its HTTP and its events. */
export type ModelExchange = {
  /** Settles as soon as the outcome is known, though the runtime would still go on. */
  readonly answer: Promise<Answered>;
  /** Sends the runtime's request to the model; a second one never leaves. */
  readonly send: (request: Request, signal: AbortSignal) => Promise<Response>;
  readonly hear: (event: SessionEvent) => void;
  readonly fail: (error: unknown) => void;
};

const NO_TOKENS: TokenUsage = {
  input_tokens: 0,
  output_tokens: 0,
  cached_input_tokens: 0,
  reasoning_tokens: 0,
};

/**
 * The runtime is an agent: it tries a failed request five times and continues an answer that was cut off. Here one
 * call is one request, so the first outcome is the outcome.
 */
export function createModelExchange(settings: ExchangeSettings): ModelExchange {
  const { request, endpoint } = settings;
  const outcome = Promise.withResolvers<Answered>();
  const fail = (error: unknown): void => outcome.reject(toModelError(error, endpoint, request.model));
  let sent = false;
  let answered: Answered = {
    text: "",
    tool_calls: [],
    finish_reason: "stop",
    usage: NO_TOKENS,
    model_served: request.model,
  };

  request.signal.addEventListener("abort", () => outcome.reject(abortReason(request.signal)), { once: true });

  const send = async (outgoing: Request, signal: AbortSignal): Promise<Response> => {
    if (sent) {
      // Whatever came first did not please the runtime: HTTP errors are told below, cut answers by its events.
      fail(unreadable(endpoint));
      return new Response("{}", { status: 400 });
    }
    sent = true;
    try {
      const fetch = createFetch({ trace: settings.sendTrace ? request.trace : null });
      const response = await fetch(outgoing, { signal: AbortSignal.any([signal, request.signal]) });
      const body = await response.text();
      const header = (name: string): string | null => response.headers.get(name);
      // The runtime would only say that there was no answer.
      if (!response.ok || readVendorError(body).declared) {
        fail(fromHttp({ status: response.status, body, header }, endpoint, request.model));
      }
      answered = { ...answered, model_served: modelNamedIn(body) ?? request.model };
      return new Response(body, { status: response.status, headers: response.headers });
    } catch (error) {
      fail(error);
      throw error;
    }
  };

  const hear = (event: SessionEvent): void => {
    if (event.type === "assistant.usage") {
      const finish = event.data.finishReason ?? "stop";
      answered = { ...answered, usage: usageOf(event.data), finish_reason: finish };
      const cut = unfinished(finish, answered.usage, { model: request.model, provider: endpoint.provider });
      if (cut !== null) fail(cut);
    } else if (event.type === "assistant.message") {
      answered = { ...answered, text: event.data.content };
    } else if (event.type === "session.error") {
      fail(sessionError(event.data, endpoint));
    } else if (event.type === "session.idle") {
      outcome.resolve(answered);
    }
  };

  return { answer: outcome.promise, send, hear, fail };
}

function unreadable(endpoint: Endpoint): ModelError {
  return new ModelError("network", `${endpoint.provider} sent an answer that could not be read.`);
}

const CODE_OF: Readonly<Record<string, FailureCode>> = {
  authentication: "auth",
  authorization: "auth",
  quota: "credit",
  rate_limit: "rate_limited",
  context_limit: "context_overflow",
};

function sessionError(
  error: { readonly errorType: string; readonly message: string },
  endpoint: Endpoint,
): ModelError {
  const message = `${endpoint.provider} failed (${error.errorType}): ${quote(error.message, endpoint)}`;
  return new ModelError(CODE_OF[error.errorType] ?? "network", message);
}

type ReportedUsage = Extract<SessionEvent, { type: "assistant.usage" }>["data"];

function usageOf(reported: ReportedUsage): TokenUsage {
  return {
    input_tokens: tokens(reported.inputTokens),
    output_tokens: tokens(reported.outputTokens),
    cached_input_tokens: tokens(reported.cacheReadTokens),
    reasoning_tokens: tokens(reported.reasoningTokens),
  };
}

// The runtime reports the model that it asked for; the body, in every wire format, names the one that answered.
function modelNamedIn(body: string): string | null {
  return /"model"\s*:\s*"([^"]+)"/.exec(body)?.[1] ?? null;
}
