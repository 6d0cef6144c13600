import { failuresAfter, fallsBack } from "../../core/failure-policy.ts";
import type { RoleName } from "../../core/role-name.ts";
import type { StepRecord } from "../../core/workflow/commands.ts";
import { compactPacket } from "../../core/workflow/compact-packet.ts";
import { buildPacket, type HandoffPacket, neededContents } from "../../core/workflow/packet.ts";
import type { Role } from "../../ports/role.ts";
import { sha256 } from "../hash.ts";
import { type CallTarget, type Conversation, journaledCall, recordedCalls } from "../journaled-call.ts";
import { type ModelCatalogue, splitReference } from "../model-catalogue.ts";
import type { ModelMeter } from "../model-meter.ts";
import type { ModelRouter } from "../model-router.ts";
import { readAnswer } from "../read-answer.ts";
import type { StepContext, StepExecutor, StepOutcome } from "../step-executor.ts";

export type RoleExecutorParts = {
  readonly roles: Readonly<Record<RoleName, Role>>;
  readonly catalogue: ModelCatalogue;
  readonly router: ModelRouter;
  readonly meter: ModelMeter;
  /** Delivery actions that a Director may choose: those that need no configuration. */
  readonly freeDeliveryActions: readonly string[];
};

/** Asks a model to act as the step's role until its answer keeps the contract, within the allowed re-asks. */
export function createRoleExecutor(parts: RoleExecutorParts): StepExecutor {
  return async (context) => {
    const { role } = context.step;
    if (role === null) return failed("internal", `step ${context.step.id} names no role`);
    const route = await parts.router.route(context.state(), role, context.config.default_model);
    if (route === null) {
      const { pinned } = context.state().settings;
      // A pinned provider is never replaced: it may name its models later.
      const code = pinned.provider === null ? "no_model" : "network";
      return failed(code, parts.router.withoutModel(pinned, context.config.default_model));
    }
    if (route.substituted) {
      const payload = { ...route.substituted, used: route.reference };
      context.record([{ type: "model.substituted", payload }]);
    }
    return alongTheChain(parts, context, role, route.reference);
  };
}

/** Where the calls of one attempt stand: ordinals go on counting when another model takes over. */
type Progress = { calls: number; readonly recorded: CallTarget["recorded"] };

/** The chosen model, and after failures that it can't get over the configured ones, each substitution an event. */
async function alongTheChain(
  parts: RoleExecutorParts,
  context: StepContext,
  role: RoleName,
  chosen: string,
): Promise<StepOutcome> {
  const { pinned } = context.state().settings;
  const isPinned = pinned.provider !== null || pinned.model !== null;
  const progress: Progress = { calls: 0, recorded: await recordedCalls(context) };
  const fallbacks = isPinned ? [] : context.config.fallback_models.filter((other) => other !== chosen);
  let reference = chosen;
  let outcome = await askModel(parts, context, { role, reference, progress });
  for (const used of fallbacks) {
    if (outcome.ok) break;
    const { code, message } = outcome.failure;
    if (!fallsBack(code, failuresAfter(context.step, code))) break;
    context.record([{ type: "model.substituted", payload: { asked: reference, used, reason: message } }]);
    reference = used;
    outcome = await askModel(parts, context, { role, reference, progress });
  }
  return outcome;
}

type Turn = { readonly role: RoleName; readonly reference: string; readonly progress: Progress };

/** A packet that does not fit the model is shortened once. */
async function askModel(
  parts: RoleExecutorParts,
  context: StepContext,
  { role, reference, progress }: Turn,
): Promise<StepOutcome> {
  const { provider: name, model } = splitReference(reference);
  const provider = parts.catalogue.provider(name);
  if (!provider)
    return failed("unknown_model", `There is no provider ${name}; configure it or choose another model.`);
  const target = { provider, model, meter: parts.meter, recorded: progress.recorded };
  const whole = await prepare(parts, context, { role, reference, shorten: false });
  const outcome = await converse(context, whole, target, progress);
  if (outcome.ok || outcome.failure.code !== "context_overflow") return outcome;
  const shorter = await prepare(parts, context, { role, reference, shorten: true });
  if (shorter.packet_hash === whole.packet_hash) return outcome;
  const { attempt } = context.step;
  const problems = ["The packet does not fit the model's context; it was shortened."];
  context.record([{ type: "model.reasked", payload: { attempt, ordinal: progress.calls, problems } }]);
  return converse(context, shorter, target, progress);
}

async function prepare(
  parts: RoleExecutorParts,
  context: StepContext,
  { role: roleName, reference, shorten }: Omit<Turn, "progress"> & { readonly shorten: boolean },
): Promise<Conversation> {
  const role = parts.roles[roleName];
  const state = context.state();
  const hashes = neededContents(state, context.step).map((artifact) => artifact.hash);
  const whole = buildPacket(
    state,
    { ...context.step, role: roleName },
    {
      models: roleName === "director" ? await parts.router.choices(state) : [],
      default_model: reference,
      delivery_actions: parts.freeDeliveryActions,
      contents: hashes.length === 0 ? new Map() : await context.storage.readBlobs(hashes),
    },
  );
  const packet: HandoffPacket = shorten ? compactPacket(whole) : whole;
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

async function converse(
  context: StepContext,
  conversation: Conversation,
  target: CallTarget,
  progress: Progress,
): Promise<StepOutcome> {
  const { role, schema, messages } = conversation;
  const { attempt } = context.step;
  for (let asks = 1; ; asks += 1) {
    const ordinal = (progress.calls += 1);
    const called = await journaledCall(context, conversation, target, ordinal);
    if (!called.ok) return called;
    const { output, blobs, review } = readAnswer(context.state(), role, schema, called.text);
    const problems = [
      ...review.faults,
      ...review.omissions,
      ...review.foreign.map((field) => `${field} is not yours to write; leave it out`),
    ];
    if (problems.length === 0) return { ok: true, result: { kind: "role", role, output }, blobs };
    if (asks > context.config.max_reasks) {
      if (review.faults.length === 0) return { ok: true, result: { kind: "role", role, output }, blobs };
      return failed(
        "invalid_output",
        `${role} answered ${asks} times against its contract: ${review.faults.join("; ")}`,
      );
    }
    context.record(reaskRecords({ role, attempt, ordinal, problems, foreign: review.foreign }));
    messages.push(
      { role: "assistant", content: called.text },
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

function failed(code: string, message: string): Extract<StepOutcome, { ok: false }> {
  return { ok: false, failure: { code, message, retry_after_ms: null } };
}
