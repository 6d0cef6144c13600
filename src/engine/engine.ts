import type { Mode } from "../core/role-name.ts";
import type { Outcome } from "../core/tool-semantics.ts";
import type { Budget, BudgetChange } from "../core/workflow-config.ts";
import type { WorkflowEvent } from "../core/workflow/events.ts";
import type { DeliveryRequest, PinnedModel, WorkflowState } from "../core/workflow/state.ts";

export type CreateWorkflowInput = {
  readonly request: string;
  readonly title: string | null;
  readonly mode: Mode | null;
  readonly provider: string | null;
  readonly model: string | null;
  readonly max_qa_retries: number | null;
  /** Null takes the budget of the scope. */
  readonly budget: Budget | null;
  readonly delivery: DeliveryRequest | null;
  readonly scope_id: string | null;
};

/** What is null stays as it was. */
export type ResumeInput = {
  readonly max_qa_retries: number | null;
  readonly pinned: PinnedModel | null;
  readonly budget: BudgetChange | null;
  /** The answer to the gate `outcome`. */
  readonly outcome: Outcome | null;
};

/** A committed event with its JSON, serialised once for all listeners. */
export type PublishedEvent = { readonly event: WorkflowEvent; readonly json: string };

/** Who acts: the tenant comes from the credential, `actor` goes into the events. */
export type Principal = { readonly tenant_id: string; readonly actor: string };

/**
 * The engine as the API and the CLI see it. Every method rejects with an OrcaError when the request can't be met,
 * and with a StorageError when the store can't.
 */
export interface Engine {
  /** Durable once resolved. `id` is given by callers that need the same id on a repeat; creating it again returns what stands. */
  create(principal: Principal, input: CreateWorkflowInput, id?: string): Promise<WorkflowState>;
  load(principal: Principal, id: string): Promise<WorkflowState>;
  pause(principal: Principal, id: string): Promise<WorkflowState>;
  resume(principal: Principal, id: string, input: ResumeInput): Promise<WorkflowState>;
  cancel(principal: Principal, id: string): Promise<WorkflowState>;
  /** Hears the events of one workflow from the next commit on; the returned function ends it. */
  subscribe(
    principal: Principal,
    id: string,
    listener: (events: readonly PublishedEvent[]) => void,
  ): () => void;
  /** Continues every unfinished workflow of the store. */
  start(): Promise<void>;
  /** Takes no new step, gives running ones `graceMs`, then aborts them; they continue at the next start. */
  stop(graceMs: number): Promise<void>;
}
