import type { RoleName } from "../core/role-name.ts";
import type { StepFailure } from "../core/workflow/commands.ts";
import type { ModelCallRow } from "../core/workflow/commit.ts";
import type { TokenUsage } from "../core/workflow/events.ts";
import { type ChatMessage, type JsonSchema, ModelError, type ModelProvider } from "../ports/chat-model.ts";
import type { Clock } from "../ports/clock.ts";
import { failpoint } from "./failpoint.ts";
import { blobOf, sha256 } from "./hash.ts";
import type { StepContext } from "./step-executor.ts";

/** What a role is told, growing by each answer that had to be mended. */
export type Conversation = {
  readonly role: RoleName;
  readonly instructions: string;
  readonly schema: JsonSchema;
  readonly messages: ChatMessage[];
  readonly prompt_hash: string;
  readonly packet_hash: string;
};

export type CallTarget = {
  readonly provider: ModelProvider;
  readonly model: string;
  readonly clock: Clock;
  /** Answered calls of earlier attempts, as `recordedCalls` gives them. */
  readonly recorded: readonly ModelCallRow[];
};

export type Called =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly failure: StepFailure };

/**
 * What earlier attempts at this step were answered: paid for, and good for the same question again. After an attempt
 * whose answers broke the contract to the end there is nothing worth repeating.
 */
export async function recordedCalls({ step, state, storage }: StepContext): Promise<readonly ModelCallRow[]> {
  if (step.attempt === 1 || step.last_failure === "invalid_output") return [];
  const calls = await storage.listModelCalls(state().head.id);
  return calls.filter((call) => call.step_id === step.id && call.error === null);
}

/** One model call, journaled; a call that an earlier attempt has recorded is answered from the journal. */
export async function journaledCall(
  context: StepContext,
  conversation: Conversation,
  target: CallTarget,
  ordinal: number,
): Promise<Called> {
  const { instructions, messages, schema, role, prompt_hash, packet_hash } = conversation;
  const { provider, model } = target;
  const request = { model, instructions, messages: [...messages], schema_name: role, schema };
  const asked = {
    attempt: context.step.attempt,
    ordinal,
    provider: provider.name,
    model_asked: model,
    request_hash: sha256(JSON.stringify({ provider: provider.name, ...request })),
    prompt_hash,
    packet_hash,
    config_hash: context.state().settings.config_hash,
  };
  return (
    (await replayed(context, target.recorded, asked)) ?? (await paid(context, target, { request, asked }))
  );
}

type Request = Omit<Parameters<ModelProvider["generate"]>[0], "trace" | "signal">;
type Asked = Pick<
  ModelCallRow,
  | "attempt"
  | "ordinal"
  | "provider"
  | "model_asked"
  | "request_hash"
  | "prompt_hash"
  | "packet_hash"
  | "config_hash"
>;

async function replayed(
  context: StepContext,
  recorded: readonly ModelCallRow[],
  { attempt, ordinal, request_hash }: Asked,
): Promise<Called | null> {
  const same = recorded.find((call) => call.ordinal === ordinal && call.request_hash === request_hash);
  if (!same || same.response_hash === null) return null;
  const text = await context.storage.readBlob(same.response_hash);
  if (text === null) return null;
  const payload = { attempt, ordinal, recorded_attempt: same.attempt, request_hash };
  context.record([{ type: "model.replayed", payload }]);
  return { ok: true, text };
}

const NO_USAGE: TokenUsage = {
  input_tokens: 0,
  output_tokens: 0,
  cached_input_tokens: 0,
  reasoning_tokens: 0,
};

async function paid(
  context: StepContext,
  { provider, clock }: CallTarget,
  { request, asked }: { readonly request: Request; readonly asked: Asked },
): Promise<Called> {
  const { step, config } = context;
  const timeout = new AbortController();
  const disarm = clock.after(config.model_timeout_s * 1000, () => timeout.abort());
  const trace = {
    workflow_id: context.state().head.id,
    role: request.schema_name as RoleName,
    step_id: step.id,
    attempt: asked.attempt,
    call: asked.ordinal,
  };
  const started = performance.now();
  try {
    failpoint("model.before_call");
    const signal = AbortSignal.any([context.signal, timeout.signal]);
    const answer = await provider.generate({ ...request, trace, signal });
    failpoint("model.after_call");
    const response = blobOf(answer.text);
    const { usage, latency_ms, finish_reason, model_served } = answer;
    const served = { usage, latency_ms, finish_reason, model_served };
    const payload = { ...asked, ...served, response_hash: response.hash, error: null };
    context.record([{ type: "model.called", payload }], [response]);
    return { ok: true, text: answer.text };
  } catch (error) {
    if (context.signal.aborted) throw error;
    const silence = `${asked.provider}/${asked.model_asked} did not answer within ${config.model_timeout_s} s.`;
    const failure = timeout.signal.aborted ? failureOf("timeout", silence) : modelFailure(error);
    const latency_ms = Math.round(performance.now() - started);
    const usage = (error instanceof ModelError && error.usage) || NO_USAGE;
    const { code, message } = failure;
    const ended = { usage, latency_ms, finish_reason: "error", model_served: asked.model_asked };
    const payload = { ...asked, ...ended, response_hash: null, error: { code, message } };
    context.record([{ type: "model.called", payload }]);
    return { ok: false, failure };
  } finally {
    disarm();
  }
}

/** Only what the provider calls a failure is one; anything else is a fault of ours and is thrown on. */
function modelFailure(error: unknown): StepFailure {
  if (!(error instanceof ModelError)) throw error;
  return { code: error.code, message: error.message, retry_after_ms: error.retryAfterMs };
}

function failureOf(code: string, message: string): StepFailure {
  return { code, message, retry_after_ms: null };
}
