import type { RoleName } from "../role-name.ts";
import type { ToolSemantics } from "../tool-semantics.ts";
import type { TokenUsage, WorkflowEvent } from "./events.ts";
import type { StepKind, WorkflowHead } from "./state.ts";

/** A stored piece of the state besides the head; `body` is the JSON value, keyed by kind and key. */
export const PART_KINDS = [
  "settings",
  "document",
  "summary",
  "task",
  "artifact",
  "finding",
  "criterion",
  "suggestion",
  "receipt",
  "waiver",
  "approval",
  "import",
  "delivery",
] as const;
export type PartKind = (typeof PART_KINDS)[number];
export type PartRow = { readonly kind: PartKind; readonly key: string; readonly body: unknown };

/** The row by which a step is claimed, fenced and found again after a crash. Times are RFC 3339 in UTC. */
export type StepRow = {
  readonly id: string;
  readonly kind: StepKind;
  readonly role: RoleName | null;
  readonly task_id: string | null;
  readonly cycle: number;
  readonly status: "queued" | "running" | "completed" | "failed" | "cancelled";
  readonly attempt: number;
  readonly owner: string | null;
  readonly lease_until: string | null;
  readonly available_at: string | null;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
};

/**
 * One request to a model: what was asked, what came back, and by which versions. It is written before the request
 * leaves (`requested`) and again when it has ended; one that stays `requested` is in doubt.
 */
export type ModelCallRow = {
  readonly status: "requested" | "answered" | "failed";
  readonly step_id: string;
  readonly attempt: number;
  readonly ordinal: number;
  readonly role: RoleName;
  readonly provider: string;
  readonly model_asked: string;
  readonly model_served: string;
  readonly usage: TokenUsage;
  /** US dollars; while requested the worst case that is reserved; null when the price is unknown. */
  readonly cost_usd: number | null;
  /** What the call may use at most, or has used. */
  readonly tokens: number;
  readonly latency_ms: number;
  readonly finish_reason: string;
  readonly request_hash: string;
  readonly prompt_hash: string;
  readonly packet_hash: string;
  readonly config_hash: string;
  readonly response_hash: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly created_at: string;
};

/** One outside effect of a step: written before it happens, and again when its outcome is known. */
export type ToolCallRow = {
  readonly status: "requested" | "answered" | "failed";
  readonly step_id: string;
  readonly attempt: number;
  readonly ordinal: number;
  readonly tool: string;
  readonly semantics: ToolSemantics;
  readonly key: string;
  readonly input_hash: string;
  readonly output_hash: string | null;
  readonly known_by: string | null;
  readonly latency_ms: number;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly created_at: string;
};

/** One notice of an event to one endpoint. It is written in the transaction of the event, so that none is lost. */
export type NewMessage = {
  /** Names the message to its receiver, the same for every attempt: `msg_<workflow>_<seq>_<endpoint>`. */
  readonly id: string;
  readonly workflow_id: string;
  /** Name of the endpoint in the configuration. */
  readonly endpoint: string;
  readonly type: string;
  /** JSON text, signed and sent as it stands. */
  readonly body: string;
  readonly created_at: string;
};

/** Content addressed by the lower-case hex SHA-256 of its UTF-8 bytes. */
export type Blob = { readonly hash: string; readonly content: string };

/**
 * Every change of a workflow as one value: storage applies all of it or nothing.
 * `expected_version` 0 creates the workflow; `fences` name the attempts that must still own their steps.
 */
export type Commit = {
  readonly tenant_id: string;
  readonly workflow_id: string;
  readonly expected_version: number;
  readonly head: WorkflowHead;
  readonly events: readonly WorkflowEvent[];
  readonly parts: readonly PartRow[];
  readonly steps: readonly StepRow[];
  readonly fences: readonly { readonly step_id: string; readonly attempt: number }[];
  readonly model_calls: readonly ModelCallRow[];
  readonly tool_calls: readonly ToolCallRow[];
  readonly blobs: readonly Blob[];
  readonly messages: readonly NewMessage[];
  /**
   * Set when something of the workflow may run that this process does not take on: a job for any node, written in the
   * same transaction. `at` is when it may start, null at once; `here` when this process has room and looks at once, so
   * that the others need not be called.
   */
  readonly wake: { readonly at: string | null; readonly begun: boolean; readonly here: boolean } | null;
};

export type CommitRefusal = "version_conflict" | "lease_lost" | "already_exists";
export type CommitResult = { readonly ok: true } | { readonly ok: false; readonly code: CommitRefusal };
