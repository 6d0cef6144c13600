import { setImmediate as turn } from "node:timers/promises";

import type { FailureCode } from "../../core/failure-policy.ts";
import {
  type ModelAnswer,
  ModelError,
  type ModelInfo,
  type ModelProvider,
  type ModelRequest,
  type ProviderHealth,
  type ToolCallRequest,
} from "../../ports/chat-model.ts";
import { type Asked, plausibleAnswers } from "./plausible-answers.testsuite.ts";

/** One request as the model saw it. */
export type ModelCall = Asked & {
  readonly workflow_id: string;
  readonly attempt: number;
  readonly call: number;
  readonly request: ModelRequest;
  /** How many calls were in flight when this one came, itself included. */
  readonly beside: readonly ModelCall[];
  outcome: "answered" | "failed" | "aborted" | null;
};

/** What the model does with one request. */
export type Reaction = (call: ModelCall) => unknown;

export type Held = {
  /** Resolves when the request is there. */
  readonly arrived: Promise<ModelCall>;
  /** Lets it be answered. */
  release(): void;
};

/** A provider that answers by a script and remembers every request. An answer takes a turn of the loop at least. */
export class ScriptedModel implements ModelProvider {
  readonly name: string;
  readonly kind = "openai-compatible";
  readonly tools = true;
  readonly calls: ModelCall[] = [];
  models: (signal: AbortSignal) => Promise<ModelInfo[]>;
  answers: Reaction = plausibleAnswers();
  readonly #reactions = new Map<string, Reaction[]>();
  readonly #inFlight = new Set<ModelCall>();

  constructor(name = "fake", ids: readonly string[] = ["small", "large"]) {
    this.name = name;
    const infos = ids.map((id) => ({ id, name: id, context_window: null }));
    this.models = () => Promise.resolve(infos);
  }

  /** The next requests of this step, of whatever workflow, are met by these reactions, one each. */
  next(stepId: string, ...reactions: readonly Reaction[]): void {
    this.#reactions.set(stepId, [...(this.#reactions.get(stepId) ?? []), ...reactions]);
  }

  /** The next request of this step stays unanswered until it is released or aborted. */
  hold(stepId: string): Held {
    const arrived = Promise.withResolvers<ModelCall>();
    const gate = Promise.withResolvers<void>();
    this.next(stepId, async (call) => {
      arrived.resolve(call);
      await untilAborted(gate.promise, call.request.signal);
      return this.answers(call);
    });
    return { arrived: arrived.promise, release: () => gate.resolve() };
  }

  /** Forgets requests, reactions and answers of its own. */
  reset(): void {
    this.calls.length = 0;
    this.#reactions.clear();
    this.answers = plausibleAnswers();
  }

  of(workflowId: string): ModelCall[] {
    return this.calls.filter((call) => call.workflow_id === workflowId);
  }

  requestsPerStep(workflowId: string): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { step_id } of this.of(workflowId)) counts[step_id] = (counts[step_id] ?? 0) + 1;
    return counts;
  }

  async generate(request: ModelRequest): Promise<ModelAnswer> {
    const { workflow_id, role, step_id, attempt, call: ordinal } = request.trace;
    const beside: ModelCall[] = [...this.#inFlight];
    const call: ModelCall = {
      workflow_id,
      role,
      step_id,
      attempt,
      call: ordinal,
      request,
      beside,
      outcome: null,
    };
    beside.push(call);
    this.calls.push(call);
    this.#inFlight.add(call);
    try {
      request.signal.throwIfAborted();
      await turn();
      const said = await (this.#reactions.get(step_id)?.shift() ?? this.answers)(call);
      request.signal.throwIfAborted();
      call.outcome = "answered";
      if (said instanceof ToolCalls) return { ...answerOf("", request.model), tool_calls: said.requests };
      return answerOf(typeof said === "string" ? said : JSON.stringify(said), request.model);
    } catch (error) {
      call.outcome = request.signal.aborted ? "aborted" : "failed";
      throw error;
    } finally {
      this.#inFlight.delete(call);
    }
  }

  test(): Promise<ProviderHealth> {
    return Promise.resolve({ healthy: true, latency_ms: 1, message: null });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** The request ends with this error. */
export function failing(code: FailureCode, message: string, retryAfterMs: number | null = null): Reaction {
  return () => {
    throw new ModelError(code, message, { retryAfterMs });
  };
}

class ToolCalls {
  readonly requests: readonly ToolCallRequest[];

  constructor(requests: readonly ToolCallRequest[]) {
    this.requests = requests;
  }
}

let callIds = 0;

/** The request is answered with calls of these tools, in this order; arguments that are a string are sent as they are. */
export function calling(...calls: readonly (readonly [name: string, given: unknown])[]): Reaction {
  return () =>
    new ToolCalls(
      calls.map(([name, given]) => ({
        id: `call_${(callIds += 1)}`,
        name,
        arguments: typeof given === "string" ? given : JSON.stringify(given),
      })),
    );
}

/** The request is answered with this value; a string is sent as it is. */
export function saying(value: unknown): Reaction {
  return () => value;
}

function answerOf(text: string, model: string): ModelAnswer {
  const usage = { input_tokens: 10, output_tokens: 5, cached_input_tokens: 0, reasoning_tokens: 0 };
  return {
    text,
    tool_calls: [],
    finish_reason: "stop",
    usage,
    model_served: `${model}-served`,
    latency_ms: 1,
  };
}

async function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason as Error);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  await Promise.race([work, aborted.promise]).finally(() => signal.removeEventListener("abort", abort));
}
