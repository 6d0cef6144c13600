import type { ModelCallRow, StepRow } from "../../src/core/workflow/commit.ts";
import { newEvent, type WorkflowEvent } from "../../src/core/workflow/events.ts";
import { aBlob, aCommit, aModelCall, aStep } from "../../src/storage/testsuite/a-commit.ts";
import type { Api } from "./open-api.ts";

export const PROMPT = aBlob("You are the Implementer.");
export const RESPONSE = aBlob('{"artifacts":[]}');
const NOTHING = { input_tokens: 0, output_tokens: 0, cached_input_tokens: 0, reasoning_tokens: 0 };

export const STEP_ID = "task:build";

/** A call that was answered at `cost_usd`. */
export function answered(changes: Partial<ModelCallRow> = {}): ModelCallRow {
  return aModelCall({
    step_id: STEP_ID,
    status: "answered",
    cost_usd: 0.25,
    tokens: 1_200,
    prompt_hash: PROMPT.hash,
    response_hash: RESPONSE.hash,
    ...changes,
  });
}

/** A call that has left, at its worst case. */
export function requested(changes: Partial<ModelCallRow> = {}): ModelCallRow {
  return answered({
    status: "requested",
    usage: NOTHING,
    cost_usd: 0.5,
    tokens: 9_000,
    model_served: "",
    latency_ms: 0,
    finish_reason: "",
    response_hash: null,
    ...changes,
  });
}

export function failedCall(changes: Partial<ModelCallRow> = {}): ModelCallRow {
  const error = { code: "overloaded", message: "Come again." };
  return answered({
    status: "failed",
    usage: NOTHING,
    cost_usd: 0,
    tokens: 0,
    response_hash: null,
    error,
    ...changes,
  });
}

type Planted = {
  readonly tenant?: string;
  readonly id: string;
  readonly scope_id?: string | null;
  readonly calls: readonly ModelCallRow[];
  readonly events?: readonly WorkflowEvent[];
  readonly step?: Partial<StepRow>;
};

/** Puts a closed workflow with one step into the store, past the engine. */
export async function plant(api: Api, planted: Planted): Promise<void> {
  const { tenant = "default", id, scope_id = null, calls, events = [], step = {} } = planted;
  const result = await api.storage.forTenant(tenant).commit(
    aCommit({
      tenant_id: tenant,
      workflow_id: id,
      head: { scope_id, status: "completed", closed: true },
      steps: [aStep({ id: STEP_ID, task_id: "build", status: "completed", ...step })],
      model_calls: calls,
      events,
      blobs: [PROMPT, RESPONSE],
    }),
  );
  if (!result.ok) throw new Error(`not planted: ${result.code}`);
}

type Told = { readonly seq: number; readonly occurred_at: string };

/** An event of the step as the journal has it. */
export function stepEvent(
  type: Parameters<typeof newEvent>[0],
  payload: Parameters<typeof newEvent>[1],
  told: Told,
): WorkflowEvent {
  const place = { role: "implementer", step_id: STEP_ID, task_id: "build" } as const;
  return { ...newEvent(type, payload, place), ...told, actor: "engine", version: 1 };
}
