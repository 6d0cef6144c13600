import { createHash } from "node:crypto";

import type { Blob, Commit, ModelCallRow, NewMessage, StepRow } from "../../core/workflow/commit.ts";
import { EVENT_VERSION, newEvent, type WorkflowEvent } from "../../core/workflow/events.ts";
import { NO_PROGRESS } from "../../core/workflow/progress.ts";
import type { WorkflowHead } from "../../core/workflow/state.ts";
import type { SecretRow } from "../../ports/storage.ts";

export const AT = "2026-11-23T10:00:00.000Z";

/** A head that is right in shape and nothing else: storage does not judge what it stores. */
export function aHead(changes: Partial<WorkflowHead> = {}): WorkflowHead {
  return {
    id: "w1",
    tenant_id: "acme",
    scope_id: null,
    parent_id: null,
    status: "running",
    version: 1,
    title: "A title",
    mode: null,
    cycle: 0,
    max_qa_retries: 2,
    waiting: null,
    error: null,
    tree_hash: null,
    done_steps: [],
    open_steps: [],
    unfinished_tasks: 0,
    steps_completed: 0,
    closings: 0,
    closed: false,
    spend: [],
    in_doubt: [],
    worked_ms: 0,
    running_since: AT,
    progress: NO_PROGRESS,
    verdict: null,
    later_plans: 0,
    later_endings: 0,
    later_deliveries: 0,
    refined: false,
    approval: null,
    created_at: AT,
    updated_at: AT,
    started_at: AT,
    completed_at: null,
    ...changes,
  };
}

export function anEvent(seq: number, summary = `summary ${seq}`): WorkflowEvent {
  const place = { role: "implementer", step_id: "task:a#0", task_id: "a" } as const;
  return {
    ...newEvent("role.completed", { attempt: 1, cycle: 0, summary }, place),
    seq,
    actor: "engine",
    version: EVENT_VERSION,
    occurred_at: AT,
  };
}

export function someEvents(from: number, count: number): WorkflowEvent[] {
  return Array.from({ length: count }, (_, index) => anEvent(from + index));
}

export function aStep(changes: Partial<StepRow> = {}): StepRow {
  return {
    id: "task:a#0",
    kind: "task",
    role: "implementer",
    task_id: "a",
    cycle: 0,
    status: "running",
    attempt: 1,
    owner: "node-1",
    lease_until: "2026-11-23T10:01:00.000Z",
    available_at: null,
    started_at: AT,
    finished_at: null,
    error: null,
    ...changes,
  };
}

export function aModelCall(changes: Partial<ModelCallRow> = {}): ModelCallRow {
  return {
    status: "answered",
    step_id: "task:a#0",
    attempt: 1,
    ordinal: 1,
    role: "implementer",
    provider: "openai",
    model_asked: "gpt-5",
    model_served: "gpt-5-2026-08-07",
    usage: { input_tokens: 1000, output_tokens: 200, cached_input_tokens: 10, reasoning_tokens: 0 },
    cost_usd: 0.0125,
    tokens: 1200,
    latency_ms: 1234.5,
    finish_reason: "stop",
    request_hash: "a".repeat(64),
    prompt_hash: "b".repeat(64),
    packet_hash: "c".repeat(64),
    config_hash: "d".repeat(64),
    response_hash: "e".repeat(64),
    error: null,
    created_at: AT,
    ...changes,
  };
}

export function aBlob(content: string): Blob {
  return { hash: createHash("sha256").update(content).digest("hex"), content };
}

export function aMessage(changes: Partial<NewMessage> = {}): NewMessage {
  return {
    id: "msg_w1_1_hooks",
    workflow_id: "w1",
    endpoint: "hooks",
    type: "workflow.completed",
    body: '{"type":"workflow.completed"}',
    created_at: AT,
    ...changes,
  };
}

export function aSecret(changes: Partial<SecretRow> = {}): SecretRow {
  return {
    name: "GITHUB_TOKEN",
    key_id: "0a1b2c3d",
    nonce: "bm9uY2U=",
    ciphertext: "Y2lwaGVydGV4dA==",
    created_at: AT,
    updated_at: AT,
    ...changes,
  };
}

type Changes = Partial<Omit<Commit, "head">> & { readonly head?: Partial<WorkflowHead> };

/** Creates workflow `w1` of tenant `acme` unless told otherwise; version and ids of the head follow the commit. */
export function aCommit(changes: Changes = {}): Commit {
  const { head, ...rest } = changes;
  const commit = {
    tenant_id: "acme",
    workflow_id: "w1",
    expected_version: 0,
    events: [],
    parts: [],
    steps: [],
    fences: [],
    model_calls: [],
    tool_calls: [],
    blobs: [],
    messages: [],
    wake: null,
    ...rest,
  };
  const identity = { id: commit.workflow_id, tenant_id: commit.tenant_id };
  return { ...commit, head: aHead({ ...identity, version: commit.expected_version + 1, ...head }) };
}
