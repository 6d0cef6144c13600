import type { FailureCode } from "../core/failure-policy.ts";
import type { RoleName } from "../core/role-name.ts";
import type { TokenUsage } from "../core/workflow/events.ts";

/** A JSON Schema (draft 2020-12) object in the subset that strict structured output accepts. */
export type JsonSchema = { readonly [key: string]: unknown };

/** A tool as the model is told of it; `parameters` is a JSON Schema object. */
export type ToolDefinition = {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonSchema;
};

/** A call that the model wants made; `arguments` is JSON text as the model wrote it, not yet validated. */
export type ToolCallRequest = { readonly id: string; readonly name: string; readonly arguments: string };

export type ToolCallAnswer = {
  readonly id: string;
  readonly name: string;
  readonly content: string;
  readonly is_error: boolean;
};

export type ChatMessage =
  | { readonly role: "user"; readonly content: string }
  | {
      readonly role: "assistant";
      readonly content: string;
      readonly tool_calls?: readonly ToolCallRequest[];
    }
  /** One answer for each call of the assistant message before it. */
  | { readonly role: "tool"; readonly answers: readonly ToolCallAnswer[] };

/** Where a call belongs; sent as `x-orca-*` headers where the provider allows it. */
export type CallTrace = {
  readonly workflow_id: string;
  readonly role: RoleName;
  readonly step_id: string;
  readonly attempt: number;
  /** Ordinal of the call inside the attempt, from 1. */
  readonly call: number;
};

export type ModelRequest = {
  /** Model id as the provider names it, without the provider. */
  readonly model: string;
  readonly instructions: string;
  readonly messages: readonly ChatMessage[];
  /** Name of the output schema: the name of the role. */
  readonly schema_name: string;
  readonly schema: JsonSchema;
  /** What the model may call before it gives its answer, in the same conversation; empty for none. */
  readonly tools: readonly ToolDefinition[];
  /** Longest answer in tokens; null leaves it to the provider. */
  readonly max_output_tokens: number | null;
  readonly trace: CallTrace;
  readonly signal: AbortSignal;
};

export type ModelAnswer = {
  /** The text of the answer as the model gave it: it should be one JSON value, but is not yet validated. */
  readonly text: string;
  /** Not empty when the model wants tools called before it goes on; `text` is then what it said beside. */
  readonly tool_calls: readonly ToolCallRequest[];
  readonly finish_reason: string;
  readonly usage: TokenUsage;
  readonly model_served: string;
  readonly latency_ms: number;
};

/** One request, one answer, no retry: retries belong to the engine. Rejects with a ModelError, or with the abort reason of `signal`. */
export type GenerateText = (request: ModelRequest) => Promise<ModelAnswer>;

export type ModelInfo = {
  readonly id: string;
  readonly name: string;
  /** Tokens; null when the provider does not tell. */
  readonly context_window: number | null;
};

export type ProviderHealth = {
  readonly healthy: boolean;
  readonly latency_ms: number;
  /** What is wrong and what to do, in words for a person; null when healthy. */
  readonly message: string | null;
};

/** One configured endpoint of a model vendor. */
export interface ModelProvider {
  readonly name: string;
  /** `openai`, `anthropic`, `ollama`, `copilot` or `openai-compatible`. */
  readonly kind: string;
  /** Whether its models can be given tools and an output schema in one request. */
  readonly tools: boolean;
  /** The live catalogue. Rejects with a ModelError when the provider does not answer. */
  models(signal: AbortSignal): Promise<ModelInfo[]>;
  /** Lists the models without a paid call. Never rejects. */
  test(signal: AbortSignal): Promise<ProviderHealth>;
  readonly generate: GenerateText;
  close(): Promise<void>;
}

/** A model call that brought no usable answer. `code` decides what the engine does next. */
export class ModelError extends Error {
  override readonly name = "ModelError";
  readonly code: FailureCode;
  /** Milliseconds the provider asked to wait, or null. */
  readonly retryAfterMs: number | null;
  /** Tokens that were spent although the answer is unusable, or null. */
  readonly usage: TokenUsage | null;

  constructor(
    code: FailureCode,
    message: string,
    details: { retryAfterMs?: number | null; usage?: TokenUsage | null; cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause });
    this.code = code;
    this.retryAfterMs = details.retryAfterMs ?? null;
    this.usage = details.usage ?? null;
  }
}
