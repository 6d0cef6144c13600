import { failuresAfter, fallsBack } from "../../core/failure-policy.ts";
import type { RoleName } from "../../core/role-name.ts";
import type { StepRecord, StepResult } from "../../core/workflow/commands.ts";
import { overtakenPaths } from "../../core/workflow/decide/overtaken.ts";
import type { ToolCallAnswer, ToolCallRequest } from "../../ports/chat-model.ts";
import { type CallTarget, journaledCall, recordedCalls } from "../journaled-call.ts";
import { machineTrouble } from "../machine-trouble.ts";
import { splitReference } from "../model-catalogue.ts";
import { readAnswer, type ReadAnswer } from "../read-answer.ts";
import type { StepContext, StepExecutor, StepOutcome } from "../step-executor.ts";
import { callTools, ToolInDoubtError, type ToolSession, type ToolUse } from "../tool-loop.ts";
import { type PreparedTurn, prepareTurn, type RoleExecutorParts } from "./prepare-turn.ts";

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
    try {
      return await alongTheChain(parts, context, role, route.reference);
    } catch (error) {
      if (error instanceof ToolInDoubtError) return failed("outcome_unknown", error.message);
      const failure = machineTrouble(error);
      if (failure === null) throw error;
      return { ok: false, failure };
    }
  };
}

/** Where the calls of one attempt stand: ordinals go on counting when another model takes over. */
type Progress = { calls: number; readonly used: ToolUse; readonly recorded: CallTarget["recorded"] };

/** The chosen model, and after failures that it can't get over the configured ones, each substitution an event. */
async function alongTheChain(
  parts: RoleExecutorParts,
  context: StepContext,
  role: RoleName,
  chosen: string,
): Promise<StepOutcome> {
  const { pinned } = context.state().settings;
  const isPinned = pinned.provider !== null || pinned.model !== null;
  const unused = { calls: 0, rounds: 0, bytes: 0 };
  const progress: Progress = { calls: 0, used: unused, recorded: await recordedCalls(context) };
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
  const turn = { role, reference, withTools: provider.tools, used: progress.used };
  const whole = await prepareTurn(parts, context, { ...turn, shorten: false });
  const outcome = await converse(context, whole, target, progress);
  if (outcome.ok || outcome.failure.code !== "context_overflow") return outcome;
  const shorter = await prepareTurn(parts, context, { ...turn, shorten: true });
  if (shorter.conversation.packet_hash === whole.conversation.packet_hash) return outcome;
  const { attempt } = context.step;
  const problems = ["The packet does not fit the model's context; it was shortened."];
  context.record([{ type: "model.reasked", payload: { attempt, ordinal: progress.calls, problems } }]);
  return converse(context, shorter, target, progress);
}

async function converse(
  context: StepContext,
  { conversation, session }: PreparedTurn,
  target: CallTarget,
  progress: Progress,
): Promise<StepOutcome> {
  const { role, messages } = conversation;
  const { max_tool_rounds } = context.config;
  const { used } = session;
  for (let asks = 1; ;) {
    const ordinal = (progress.calls += 1);
    const called = await journaledCall(context, conversation, target, ordinal);
    if (!called.ok) return called;
    if (called.tool_calls.length > 0) {
      used.rounds += 1;
      if (used.rounds > max_tool_rounds + PATIENCE_ROUNDS)
        return failed("invalid_output", `${role} went on calling tools after its ${max_tool_rounds} rounds.`);
      const answers =
        used.rounds > max_tool_rounds
          ? refusedCalls(called.tool_calls)
          : await callTools(context, session, called.tool_calls);
      messages.push(
        { role: "assistant", content: called.text, tool_calls: called.tool_calls },
        { role: "tool", answers },
      );
      continue;
    }
    const answer = await readAnswer(context, conversation, session, called.text);
    const paths = role === "implementer" ? overtakenBy(context, answer) : [];
    if (paths.length > 0)
      return failed("conflicting_output", `Meanwhile another task wrote ${paths.join(", ")}.`);
    const problems = problemsOf(answer);
    const isUsable =
      problems.length === 0 || (asks > context.config.max_reasks && answer.review.faults.length === 0);
    if (isUsable) return { ok: true, result: resultOf(role, answer, session), blobs: answer.blobs };
    if (asks > context.config.max_reasks) {
      const faults = answer.review.faults.join("; ");
      return failed("invalid_output", `${role} answered ${asks} times against its contract: ${faults}`);
    }
    asks += 1;
    const { attempt } = context.step;
    context.record(reaskRecords({ role, attempt, ordinal, problems, foreign: answer.review.foreign }));
    messages.push(
      { role: "assistant", content: called.text },
      { role: "user", content: correction(problems) },
    );
  }
}

/** What a sibling has written or deleted since: no answer of this attempt can mend that. */
function overtakenBy({ state, step }: StepContext, { touched }: ReadAnswer): readonly string[] {
  return overtakenPaths(state(), step, touched);
}

/** Models that have used up their rounds are told so, this often. */
const PATIENCE_ROUNDS = 2;

function refusedCalls(calls: readonly ToolCallRequest[]): ToolCallAnswer[] {
  const content = "You have used all your tool calls. Give your answer now.";
  return calls.map(({ id, name }) => ({ id, name, content, is_error: true }));
}

function problemsOf({ review }: ReadAnswer): string[] {
  return [
    ...review.faults,
    ...review.omissions,
    ...review.foreign.map((field) => `${field} is not yours to write; leave it out`),
  ];
}

function resultOf(
  role: RoleName,
  { output, resolved }: ReadAnswer,
  { succeeded }: ToolSession,
): Extract<StepResult, { kind: "role" }> {
  return {
    kind: "role",
    role,
    output,
    ...(resolved.length > 0 && { resolved }),
    ...(succeeded.length > 0 && { succeeded }),
  };
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
