import type { WorkflowConfig } from "../core/workflow-config.ts";
import type { StepFailure, StepRecord, StepResult } from "../core/workflow/commands.ts";
import type { Blob } from "../core/workflow/commit.ts";
import type { EventPayload } from "../core/workflow/events.ts";
import type { OpenStep, StepKind, WorkflowState } from "../core/workflow/state.ts";
import type { Logger } from "../ports/logger.ts";
import type { TenantStorage } from "../ports/storage.ts";

export type StepContext = {
  readonly step: OpenStep;
  /** The newest committed state of the workflow. */
  readonly state: () => WorkflowState;
  readonly config: WorkflowConfig;
  readonly storage: TenantStorage;
  readonly logger: Logger;
  /** Aborted when the workflow is cancelled, the attempt has lost its step, or the engine stops. */
  readonly signal: AbortSignal;
  /** Whether the node is to go: no further model call may begin, the step is handed over. */
  readonly stopping: () => boolean;
  /**
   * Journals that a model call is about to leave. Rejects with StepStopped when it may not: the budget does not cover
   * it, or the attempt has lost its step.
   */
  readonly requestCall: (call: EventPayload<"model.requested">, blobs: readonly Blob[]) => Promise<void>;
  /** Journals facts before what follows may happen. Rejects with StepStopped when the attempt has lost its step. */
  readonly journal: (records: readonly StepRecord[]) => Promise<void>;
  /** Journals facts at once or with the next commit of the workflow, whichever is first. */
  readonly record: (records: readonly StepRecord[], blobs?: readonly Blob[]) => void;
};

/** Why an attempt ends without an outcome: its step goes on elsewhere, or later. */
export class StepStopped extends Error {
  override readonly name = "StepStopped";
}

export type StepOutcome =
  | { readonly ok: true; readonly result: StepResult; readonly blobs: readonly Blob[] }
  | { readonly ok: false; readonly failure: StepFailure };

/** Does the work of one attempt. A rejection counts as an internal failure, except that of an aborted signal. */
export type StepExecutor = (context: StepContext) => Promise<StepOutcome>;

export type StepExecutors = Readonly<Record<StepKind, StepExecutor>>;
