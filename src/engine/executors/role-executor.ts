import type { RoleName } from "../../core/role-name.ts";
import type { StepFailure, StepRecord } from "../../core/workflow/commands.ts";
import type { TokenUsage } from "../../core/workflow/events.ts";
import { buildPacket, type HandoffPacket, neededContents } from "../../core/workflow/packet.ts";
import {
  type ChatMessage,
  type JsonSchema,
  type ModelAnswer,
  ModelError,
  type ModelProvider,
} from "../../ports/chat-model.ts";
import type { Role } from "../../ports/role.ts";
import { failpoint } from "../failpoint.ts";
import { blobOf, sha256 } from "../hash.ts";
import { type ModelCatalogue, splitReference } from "../model-catalogue.ts";
import type { ModelRouter } from "../model-router.ts";
import { readAnswer } from "../read-answer.ts";
import type { StepContext, StepExecutor, StepOutcome } from "../step-executor.ts";

export type RoleExecutorParts = {
  readonly roles: Readonly<Record<RoleName, Role>>;
  readonly catalogue: ModelCatalogue;
  readonly router: ModelRouter;
  /** Delivery actions that a Director may choose: those that need no configuration. */
  readonly freeDeliveryActions: readonly string[];
};

/** Asks a model to act as the step's role until its answer keeps the contract, within the allowed re-asks. */
export function createRoleExecutor(parts: RoleExecutorParts): StepExecutor {
  return async (context) => {
    const { role } = context.step;
    if (role === null) return failed("internal", `step ${context.step.id} names no role`);
    const route = await parts.router.route(context.state(), role, context.config.default_model);
    if (route === null) return failed("no_model", NO_MODEL);
    if (route.substituted) {
      const payload = { ...route.substituted, used: route.reference };
      context.record([{ type: "model.substituted", payload }]);
    }
    const { provider: name, model } = splitReference(route.reference);
    const provider = parts.catalogue.provider(name);
    if (!provider)
      return failed("unknown_model", `There is no provider ${name}; configure it or choose another model.`);
    const conversation = await prepare(parts, context, role, route.reference);
    return converse(context, conversation, { provider, model });
  };
}

export const NO_MODEL =
  "No model is configured. Set OPENAI_API_KEY, ANTHROPIC_API_KEY, OLLAMA_HOST or COPILOT_GITHUB_TOKEN, or add a provider to orca.yaml; restart, then resume.";

type Conversation = {
  readonly role: RoleName;
  readonly instructions: string;
  readonly schema: JsonSchema;
  readonly messages: ChatMessage[];
  readonly prompt_hash: string;
  readonly packet_hash: string;
};

async function prepare(
  parts: RoleExecutorParts,
  context: StepContext,
  roleName: RoleName,
  reference: string,
): Promise<Conversation> {
  const role = parts.roles[roleName];
  const state = context.state();
  const hashes = neededContents(state, context.step).map((artifact) => artifact.hash);
  const packet: HandoffPacket = buildPacket(
    state,
    { ...context.step, role: roleName },
    {
      models: roleName === "director" ? await parts.router.choices(state) : [],
      default_model: reference,
      delivery_actions: parts.freeDeliveryActions,
      contents: hashes.length === 0 ? new Map() : await context.storage.readBlobs(hashes),
    },
  );
  const prompt_hash =
    state.settings.prompts.find((prompt) => prompt.role === roleName)?.hash ?? role.prompt.hash;
  const text =
    prompt_hash === role.prompt.hash ? role.prompt.text : await context.storage.readBlob(prompt_hash);
  if (text === null) throw new Error(`the prompt of ${roleName} with hash ${prompt_hash} is not stored`);
  return {
    role: roleName,
    instructions: role.instructions(text, state.head.mode),
    schema: role.schema(packet),
    messages: [{ role: "user", content: role.render(packet) }],
    prompt_hash,
    packet_hash: sha256(JSON.stringify(packet)),
  };
}

type Target = { readonly provider: ModelProvider; readonly model: string };

async function converse(
  context: StepContext,
  conversation: Conversation,
  target: Target,
): Promise<StepOutcome> {
  const { role, schema, messages } = conversation;
  const { attempt } = context.step;
  for (let ordinal = 1; ; ordinal += 1) {
    const called = await call(context, conversation, target, ordinal);
    if (!called.ok) return called;
    const { output, blobs, review } = readAnswer(context.state(), role, schema, called.answer.text);
    const problems = [
      ...review.faults,
      ...review.omissions,
      ...review.foreign.map((field) => `${field} is not yours to write; leave it out`),
    ];
    if (problems.length === 0) return { ok: true, result: { kind: "role", role, output }, blobs };
    if (ordinal > context.config.max_reasks) {
      if (review.faults.length === 0) return { ok: true, result: { kind: "role", role, output }, blobs };
      return failed(
        "invalid_output",
        `${role} answered ${ordinal} times against its contract: ${review.faults.join("; ")}`,
      );
    }
    context.record(reaskRecords({ role, attempt, ordinal, problems, foreign: review.foreign }));
    messages.push(
      { role: "assistant", content: called.answer.text },
      { role: "user", content: correction(problems) },
    );
  }
}

function reaskRecords(asked: {
  readonly role: RoleName;
  readonly attempt: number;
  readonly ordinal: number;
  readonly problems: readonly string[];
  readonly foreign: readonly string[];
}): StepRecord[] {
  const { role, attempt, ordinal, problems, foreign } = asked;
  const records: StepRecord[] = [
    { type: "model.reasked", payload: { attempt, ordinal, problems: [...problems] } },
  ];
  if (foreign.length > 0) {
    const problem = `${role} may not write ${foreign.join(", ")}; asked again`;
    records.push({ type: "contract.violated", payload: { role, fields: [...foreign], problem } });
  }
  return records;
}

function correction(problems: readonly string[]): string {
  const list = problems.map((problem) => `- ${problem}`).join("\n");
  return `Your answer can't be used as it is:\n${list}\n\nAnswer again, complete, with these points mended and nothing else changed.`;
}

type Called =
  | { readonly ok: true; readonly answer: ModelAnswer }
  | { readonly ok: false; readonly failure: StepFailure };

const NO_USAGE: TokenUsage = {
  input_tokens: 0,
  output_tokens: 0,
  cached_input_tokens: 0,
  reasoning_tokens: 0,
};

/** One journaled model call. */
async function call(
  context: StepContext,
  conversation: Conversation,
  { provider, model }: Target,
  ordinal: number,
): Promise<Called> {
  const { instructions, messages, schema, role, prompt_hash, packet_hash } = conversation;
  const { attempt } = context.step;
  const state = context.state();
  const request = { model, instructions, messages: [...messages], schema_name: role, schema };
  const asked = {
    attempt,
    ordinal,
    provider: provider.name,
    model_asked: model,
    request_hash: sha256(JSON.stringify({ provider: provider.name, ...request })),
    prompt_hash,
    packet_hash,
    config_hash: state.settings.config_hash,
  };
  const timeout = AbortSignal.timeout(context.config.model_timeout_s * 1000);
  const trace = { workflow_id: state.head.id, role, step_id: context.step.id, attempt, call: ordinal };
  const started = performance.now();
  try {
    failpoint("model.before_call");
    const signal = AbortSignal.any([context.signal, timeout]);
    const answer = await provider.generate({ ...request, trace, signal });
    failpoint("model.after_call");
    const response = blobOf(answer.text);
    const { usage, latency_ms, finish_reason, model_served } = answer;
    const served = { usage, latency_ms, finish_reason, model_served };
    const payload = { ...asked, ...served, response_hash: response.hash, error: null };
    context.record([{ type: "model.called", payload }], [response]);
    return { ok: true, answer };
  } catch (error) {
    if (context.signal.aborted) throw error;
    const failure = failureOf(error, timeout, context.config.model_timeout_s);
    const latency_ms = Math.round(performance.now() - started);
    const usage = (error instanceof ModelError && error.usage) || NO_USAGE;
    const ended = { usage, latency_ms, finish_reason: "error", model_served: model, response_hash: null };
    const { code, message } = failure;
    context.record([{ type: "model.called", payload: { ...asked, ...ended, error: { code, message } } }]);
    return { ok: false, failure };
  }
}

function failureOf(error: unknown, timeout: AbortSignal, seconds: number): StepFailure {
  if (error instanceof ModelError) {
    return { code: error.code, message: error.message, retry_after_ms: error.retryAfterMs };
  }
  if (timeout.aborted) {
    return {
      code: "timeout",
      message: `The model did not answer within ${seconds} s.`,
      retry_after_ms: null,
    };
  }
  throw error;
}

function failed(code: string, message: string): Extract<StepOutcome, { ok: false }> {
  return { ok: false, failure: { code, message, retry_after_ms: null } };
}
