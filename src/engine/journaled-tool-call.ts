import { answerToDoubt, type ToolSemantics } from "../core/tool-semantics.ts";
import type { StepFailure } from "../core/workflow/commands.ts";
import type { ToolCallRow } from "../core/workflow/commit.ts";
import type { EventPayload } from "../core/workflow/events.ts";
import { blobOf, sha256 } from "./hash.ts";
import type { StepContext } from "./step-executor.ts";

/** Something with an effect outside, or a look at the outside. Its output is a JSON value. */
export type Tool<Output> = {
  readonly name: string;
  readonly semantics: ToolSemantics;
  /** `key` is the same for every attempt at this call. */
  readonly run: (key: string) => Promise<Output>;
  /** What an earlier call under this key has brought, null when it did not happen. Needed for `reconcile`. */
  readonly lookUp?: (key: string) => Promise<Output | null>;
};

export type ToolCalled<Output> =
  /** `output` is null when only a person knows that it happened. */
  | { readonly ok: true; readonly output: Output | null }
  | { readonly ok: false; readonly failure: StepFailure };

type Known = EventPayload<"tool.called">["known_by"];
type Asked = EventPayload<"tool.requested">;

/**
 * One outside effect, journaled before and after: what an earlier attempt has brought is served again, and one whose
 * outcome nobody knows goes on as its semantics say. What the tool throws is recorded and thrown on.
 */
export async function journaledToolCall<Output>(
  context: StepContext,
  tool: Tool<Output>,
  { input, ordinal, key }: { readonly input: unknown; readonly ordinal: number; readonly key?: string },
): Promise<ToolCalled<Output>> {
  const { step, storage, state } = context;
  const { id } = state().head;
  const asked: Asked = {
    attempt: step.attempt,
    ordinal,
    tool: tool.name,
    semantics: tool.semantics,
    key: key ?? `${id}/${step.id}/${ordinal}`,
    input_hash: sha256(JSON.stringify(input)),
  };
  const earlier = step.attempt === 1 ? [] : (await storage.listToolCalls(id, step.id)).filter(sameAs(asked));
  const done = earlier.findLast((call) => call.status === "answered");
  if (done) return replayed(context, asked, done);
  const isInDoubt = earlier.some((call) => call.status === "requested");
  const answer = isInDoubt ? answerToDoubt(tool.semantics, step.outcome) : "run";
  if (answer === "ask") return unknown(asked);
  // What changes nothing outside needs no word before it happens.
  if (tool.semantics !== "read") await context.journal([{ type: "tool.requested", payload: asked }]);
  if (answer === "assume") return settled<Output>(context, asked, { known_by: "person", output: null });
  const found = answer === "look_up" ? ((await tool.lookUp?.(asked.key)) ?? null) : null;
  if (found !== null) return settled(context, asked, { known_by: "look_up", output: found });
  return run(context, tool, asked);
}

function sameAs(asked: Asked): (call: ToolCallRow) => boolean {
  return (call) =>
    call.ordinal === asked.ordinal && call.tool === asked.tool && call.input_hash === asked.input_hash;
}

async function replayed<Output>(
  context: StepContext,
  { attempt, ordinal, tool }: Asked,
  done: ToolCallRow,
): Promise<ToolCalled<Output>> {
  const text = done.output_hash === null ? null : await context.storage.readBlob(done.output_hash);
  const payload = { attempt, ordinal, tool, recorded_attempt: done.attempt };
  context.record([{ type: "tool.replayed", payload }]);
  return { ok: true, output: text === null ? null : (JSON.parse(text) as Output) };
}

function unknown<Output>({ tool, key }: Asked): ToolCalled<Output> {
  const message = `Nobody heard how ${tool} ended (${key}). Look whether it has happened, then resume with outcome happened, or repeat to do it again.`;
  return { ok: false, failure: { code: "outcome_unknown", message, retry_after_ms: null } };
}

async function run<Output>(
  context: StepContext,
  tool: Tool<Output>,
  asked: Asked,
): Promise<ToolCalled<Output>> {
  const started = performance.now();
  try {
    const output = await tool.run(asked.key);
    return settled(context, asked, { known_by: "call", output, started });
  } catch (error) {
    if (!context.signal.aborted && !leavesInDoubt(error)) {
      const message = error instanceof Error ? error.message : String(error);
      const latency_ms = Math.round(performance.now() - started);
      const ended = { output_hash: null, known_by: "call" as const, latency_ms };
      const payload = { ...asked, ...ended, error: { code: "tool_failed", message } };
      context.record([{ type: "tool.called", payload }]);
    }
    throw error;
  }
}

/** Nobody heard how it ended, so nothing is recorded: the next attempt goes on as the tool's semantics say. */
function leavesInDoubt(error: unknown): boolean {
  return error instanceof Error && "outcome_unknown" in error && error.outcome_unknown === true;
}

function settled<Output>(
  context: StepContext,
  asked: Asked,
  {
    known_by,
    output,
    started,
  }: { readonly known_by: Known; readonly output: Output | null; readonly started?: number },
): ToolCalled<Output> {
  const blob = output === null ? null : blobOf(JSON.stringify(output));
  const latency_ms = started === undefined ? 0 : Math.round(performance.now() - started);
  const payload = { ...asked, output_hash: blob?.hash ?? null, known_by, latency_ms, error: null };
  context.record([{ type: "tool.called", payload }], blob === null ? [] : [blob]);
  return { ok: true, output };
}
