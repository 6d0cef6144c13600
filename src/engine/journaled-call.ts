import type { FailureCode } from "../core/failure-policy.ts";
import type { RoleName } from "../core/role-name.ts";
import type { StepFailure } from "../core/workflow/commands.ts";
import type { Blob, ModelCallRow } from "../core/workflow/commit.ts";
import type { EventPayload, TokenUsage } from "../core/workflow/events.ts";
import {
  type ChatMessage,
  type JsonSchema,
  type ModelAnswer,
  ModelError,
  type ModelProvider,
  type ToolCallRequest,
  type ToolDefinition,
} from "../ports/chat-model.ts";
import type { ModelCallEnd, ModelPermit } from "../ports/model-limiter.ts";
import type { PricedModel, PriceTable } from "../ports/price-table.ts";
import type { SpendAmount, SpendPlace } from "../ports/spend-ledger.ts";
import { failpoint } from "./failpoint.ts";
import { blobOf, sha256 } from "./hash.ts";
import { type ModelMeter, worstCaseOf } from "./model-meter.ts";
import { type StepContext, StepStopped } from "./step-executor.ts";

/** What a role is told, growing by each tool call and each answer that had to be mended. */
export type Conversation = {
  readonly role: RoleName;
  readonly instructions: string;
  readonly schema: JsonSchema;
  readonly messages: ChatMessage[];
  /** Offered with the next call; empty for none. */
  tools: readonly ToolDefinition[];
  /** What the last call sent: the next one of a tool loop stores only what is new. */
  sent: { readonly request_hash: string; readonly messages: number } | null;
  readonly prompt_hash: string;
  readonly packet_hash: string;
};

export type CallTarget = {
  readonly provider: ModelProvider;
  readonly model: string;
  readonly meter: ModelMeter;
  /** Answered calls of earlier attempts, as `recordedCalls` gives them. */
  readonly recorded: readonly ModelCallRow[];
};

export type Called =
  | { readonly ok: true; readonly text: string; readonly tool_calls: readonly ToolCallRequest[] }
  | { readonly ok: false; readonly failure: StepFailure };

/**
 * What earlier attempts at this step were answered: paid for, and good for the same question again. After an attempt
 * whose answers broke the contract to the end there is nothing worth repeating.
 */
export async function recordedCalls({ step, state, storage }: StepContext): Promise<readonly ModelCallRow[]> {
  if (step.attempt === step.spoiled_attempt + 1) return [];
  const calls = await storage.listModelCalls(state().head.id, step.id);
  return calls.filter((call) => call.status === "answered" && call.attempt > step.spoiled_attempt);
}

/** One model call, journaled; a call that an earlier attempt has recorded is answered from the journal. */
export async function journaledCall(
  context: StepContext,
  conversation: Conversation,
  target: CallTarget,
  ordinal: number,
): Promise<Called> {
  const { instructions, messages, schema, tools, role, prompt_hash, packet_hash } = conversation;
  const { provider, model } = target;
  const { max_output_tokens } = context.config;
  const request = {
    model,
    instructions,
    messages: [...messages],
    schema_name: role,
    schema,
    tools,
    max_output_tokens,
  };
  const shape = JSON.stringify(tools.length === 0 ? schema : { schema, tools });
  // The instructions follow from the prompt and the mode, which are stored already.
  const { mode } = context.state().head;
  const said = {
    provider: provider.name,
    model,
    prompt_hash,
    mode,
    ...news(conversation),
    max_output_tokens,
  };
  const body = blobOf(JSON.stringify({ ...said, schema_hash: sha256(shape) }));
  const asked = {
    attempt: context.step.attempt,
    ordinal,
    provider: provider.name,
    model_asked: model,
    request_hash: body.hash,
    prompt_hash,
    packet_hash,
    config_hash: context.state().settings.config_hash,
  };
  conversation.sent = { request_hash: body.hash, messages: messages.length };
  const known = await replayed(context, target.recorded, asked);
  if (known !== null) return known;
  if (context.stopping()) throw new StepStopped("the node stops before the next model call");
  const texts = [instructions, shape, JSON.stringify(messages)];
  return paid(context, target, { request, asked, body, texts });
}

/** A tool loop says much again and again: after its first request each names the one that it continues. */
function news({ messages, sent }: Conversation): {
  readonly continues?: string;
  readonly messages: readonly ChatMessage[];
} {
  if (sent === null || !messages.some(({ role }) => role === "tool")) return { messages };
  return { continues: sent.request_hash, messages: messages.slice(sent.messages) };
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
  return same.finish_reason === TOOL_CALLS
    ? { ok: true, ...(JSON.parse(text) as Spoken) }
    : { ok: true, text, tool_calls: [] };
}

/** How an answer with tool calls is stored: `finish_reason` tells it from plain text. */
type Spoken = { readonly text: string; readonly tool_calls: readonly ToolCallRequest[] };
const TOOL_CALLS = "tool-calls";

const NO_USAGE: TokenUsage = {
  input_tokens: 0,
  output_tokens: 0,
  cached_input_tokens: 0,
  reasoning_tokens: 0,
};

type Call = {
  readonly request: Request;
  readonly asked: Asked;
  readonly body: Blob;
  /** All that is sent. */
  readonly texts: readonly string[];
};

/** Admission, reservation, intent, call and record, in this order: nothing leaves before it is written down. */
async function paid(context: StepContext, target: CallTarget, call: Call): Promise<Called> {
  const { meter, provider, model } = target;
  const { max_output_tokens } = context.config;
  const priced = { kind: provider.kind, provider: provider.name, model };
  const reserved = worstCaseOf(meter.prices, priced, { texts: call.texts, max_output_tokens });
  let permit: ModelPermit;
  try {
    const estimate = { provider: provider.name, model, tokens: reserved.tokens };
    permit = await meter.limiter.admit(estimate, context.signal);
  } catch (error) {
    if (context.signal.aborted) throw error;
    return { ok: false, failure: notAdmitted(modelFailure(error)) };
  }
  let end = NEVER_LEFT;
  try {
    if (context.stopping()) throw new StepStopped("the node stops before the next model call");
    const place = placeOf(context, meter.clock.now());
    const granted = await meter.ledger.reserve(place, reserved);
    if (!granted.ok) return { ok: false, failure: failureOf("budget_exhausted", granted.message) };
    await requestCall(context, target, call, { place, reserved });
    end = BROKEN_OFF;
    const done = await askAndRecord(context, target, call, { place, reserved });
    end = done.end;
    return done.called;
  } finally {
    await permit.end(end);
  }
}

/** Nothing was asked of the provider, so this is none of its failures. */
function notAdmitted(failure: StepFailure): StepFailure {
  if (failure.code === "rate_limited") return { ...failure, code: "limited" };
  return failure.code === "overloaded" ? { ...failure, code: "provider_resting" } : failure;
}

type Reservation = { readonly place: SpendPlace; readonly reserved: SpendAmount };
type Done = { readonly called: Called; readonly end: ModelCallEnd };

const NEVER_LEFT: ModelCallEnd = { code: "aborted", retry_after_ms: null, tokens: 0 };
/** Nobody knows what it has used. */
const BROKEN_OFF: ModelCallEnd = { code: "aborted", retry_after_ms: null, tokens: null };

async function requestCall(
  context: StepContext,
  { meter: { ledger } }: CallTarget,
  call: Call,
  { place, reserved }: Reservation,
): Promise<void> {
  const intent = { ...call.asked, reserved_cost_usd: reserved.cost_usd, reserved_tokens: reserved.tokens };
  try {
    await context.requestCall(intent, [call.body]);
  } catch (error) {
    await ledger.settle(place, reserved, null);
    throw error;
  }
}

async function askAndRecord(
  context: StepContext,
  target: CallTarget,
  call: Call,
  { place, reserved }: Reservation,
): Promise<Done> {
  const { ledger } = target.meter;
  const ended = await ask(context, target, call);
  context.record([{ type: "model.called", payload: ended.payload }], ended.blobs);
  // A reservation that can't be settled stays spent: the budget errs on the safe side, the answer is kept.
  await ledger.settle(place, reserved, ended.spent ?? reserved).catch((error: unknown) => {
    context.logger.warn(
      { step_id: context.step.id, error },
      "the spend of a model call could not be settled",
    );
  });
  return ended;
}

type Ended = Done & {
  readonly payload: EventPayload<"model.called">;
  readonly blobs: readonly Blob[];
  /** Null when nobody knows what the call has cost. */
  readonly spent: SpendAmount | null;
};

async function ask(context: StepContext, target: CallTarget, { request, asked }: Call): Promise<Ended> {
  const { provider, meter } = target;
  const { step, config } = context;
  const timeout = new AbortController();
  const disarm = meter.clock.after(config.model_timeout_s * 1000, () => timeout.abort());
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
    return answered(target, asked, answer);
  } catch (error) {
    if (context.signal.aborted) throw error;
    const silence = `${asked.provider}/${asked.model_asked} did not answer within ${config.model_timeout_s} s.`;
    const failure = timeout.signal.aborted ? failureOf("timeout", silence) : modelFailure(error);
    const usage = error instanceof ModelError ? error.usage : null;
    return unanswered(target, asked, { failure, usage, latency_ms: Math.round(performance.now() - started) });
  } finally {
    disarm();
  }
}

function answered({ provider, meter }: CallTarget, asked: Asked, answer: ModelAnswer): Ended {
  const { usage, latency_ms, model_served, text, tool_calls } = answer;
  const isSpoken = tool_calls.length > 0;
  const response = blobOf(isSpoken ? JSON.stringify({ text, tool_calls } satisfies Spoken) : text);
  const finish_reason = isSpoken ? TOOL_CALLS : answer.finish_reason;
  const priced = { kind: provider.kind, provider: provider.name };
  const cost_usd =
    meter.prices.costOf({ ...priced, model: model_served }, usage) ??
    meter.prices.costOf({ ...priced, model: asked.model_asked }, usage);
  const served = { usage, cost_usd, latency_ms, finish_reason, model_served };
  const tokens = tokensOf(usage);
  return {
    called: { ok: true, text, tool_calls },
    end: { code: null, retry_after_ms: null, tokens },
    payload: { ...asked, ...served, response_hash: response.hash, error: null },
    blobs: [response],
    spent: { cost_usd, tokens },
  };
}

type Unanswered = {
  readonly failure: StepFailure;
  readonly usage: TokenUsage | null;
  readonly latency_ms: number;
};

function unanswered(
  { provider, meter }: CallTarget,
  asked: Asked,
  { failure, usage, latency_ms }: Unanswered,
): Ended {
  const { code, message, retry_after_ms } = failure;
  const model = { kind: provider.kind, provider: provider.name, model: asked.model_asked };
  const known = usage ?? (COSTS_NOTHING.has(code) ? NO_USAGE : null);
  const cost_usd = known === null ? null : costOfFailure(meter.prices, model, known);
  const ended = {
    usage: known ?? NO_USAGE,
    latency_ms,
    finish_reason: "error",
    model_served: asked.model_asked,
  };
  const tokens = known === null ? null : tokensOf(known);
  return {
    called: { ok: false, failure },
    end: { code: code as FailureCode, retry_after_ms, tokens },
    payload: { ...asked, ...ended, cost_usd, response_hash: null, error: { code, message } },
    blobs: [],
    spent: tokens === null ? null : { cost_usd, tokens },
  };
}

/** Nothing costs nothing, at whatever price. */
function costOfFailure(prices: PriceTable, model: PricedModel, usage: TokenUsage): number | null {
  return tokensOf(usage) === 0 ? 0 : prices.costOf(model, usage);
}

/** Refusals before any work: no provider charges for them. */
const COSTS_NOTHING: ReadonlySet<string> = new Set<FailureCode>([
  "rate_limited",
  "overloaded",
  "auth",
  "credit",
  "unknown_model",
  "context_overflow",
]);

function tokensOf(usage: TokenUsage): number {
  return usage.input_tokens + usage.output_tokens;
}

function placeOf(context: StepContext, now: Date): SpendPlace {
  const { tenant_id, scope_id } = context.state().head;
  return { tenant_id, scope_id, at: now.toISOString() };
}

/** Only what the provider calls a failure is one; anything else is a fault of ours and is thrown on. */
function modelFailure(error: unknown): StepFailure {
  if (!(error instanceof ModelError)) throw error;
  return { code: error.code, message: error.message, retry_after_ms: error.retryAfterMs };
}

function failureOf(code: string, message: string): StepFailure {
  return { code, message, retry_after_ms: null };
}
