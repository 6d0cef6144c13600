import type { AcceptanceCriterion, PlannedTask } from "../core/documents.ts";
import type { Mode } from "../core/role-name.ts";
import type { Outcome } from "../core/tool-semantics.ts";
import type { Budget, BudgetChange, Gate } from "../core/workflow-config.ts";
import type { DeliveryRequest } from "../core/workflow/delivery-state.ts";
import type { WorkflowEvent } from "../core/workflow/events.ts";
import type {
  ApprovalState,
  ApprovalVerb,
  ArtifactState,
  PinnedModel,
  WorkflowSettings,
  WorkflowState,
  WorkspaceRequest,
} from "../core/workflow/state.ts";
import type { Deliverable, DeliveryPreview } from "../ports/delivery-action.ts";

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
  /** An existing repository to start from; null starts with nothing. */
  readonly workspace: WorkspaceRequest | null;
  /** Null takes the gates of the scope. */
  readonly gates: readonly Gate[] | null;
  /** Tools by role in the place of the configured ones; null leaves them. */
  readonly tools: WorkflowSettings["tools"];
  readonly scope_id: string | null;
};

/** An answer to an approval, bound to what was shown: `shown` is the hash that `approvalOf` gives. */
export type RespondInput = {
  readonly shown: string;
  readonly verb: ApprovalVerb;
  readonly note: string | null;
  readonly criteria: readonly AcceptanceCriterion[] | null;
  readonly tasks: readonly PlannedTask[] | null;
};

/** What a person is asked to approve, with its hash: an answer to anything else is refused. */
export type ShownApproval = {
  readonly approval: ApprovalState;
  readonly expires_at: string | null;
  readonly shown: string;
  /** The plan or the delivery as it stands; what the hash is over. */
  readonly subject: Readonly<Record<string, unknown>>;
  /** How it differs from what was shown at this gate before, a line each; null the first time. */
  readonly changes: readonly string[] | null;
  /** The tree that was shown before, to compare the result with; null the first time, and for plans. */
  readonly compare_with: string | null;
};

export type WaiveInput = {
  readonly what: "criterion" | "finding";
  readonly id: string;
  readonly reason: string;
};

/** Which tree: `latest`, `best` (of those that QA has judged), or `cycle-<n>`. */
export type TreeName = string;

/** What is null stays as it was. */
export type ResumeInput = {
  readonly max_qa_retries: number | null;
  readonly pinned: PinnedModel | null;
  readonly budget: BudgetChange | null;
  /** The answer to the gate `outcome`. */
  readonly outcome: Outcome | null;
};

export type ShownPreview = DeliveryPreview & { readonly action: string; readonly files: number };

/** A committed event with its JSON, serialised once for all listeners. */
export type PublishedEvent = { readonly event: WorkflowEvent; readonly json: string };

export type EventListener = (events: readonly PublishedEvent[]) => void;

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
  /** The question that the workflow waits with, null when it waits for no approval. */
  approvalOf(state: WorkflowState): ShownApproval | null;
  respond(principal: Principal, id: string, approvalId: string, input: RespondInput): Promise<WorkflowState>;
  waive(principal: Principal, id: string, input: WaiveInput): Promise<WorkflowState>;
  /**
   * Hands the accepted tree over: in the place of a delivery that waits or has failed, or once more after the end; null
   * repeats what was asked for before.
   */
  deliver(principal: Principal, id: string, delivery: DeliveryRequest | null): Promise<WorkflowState>;
  /** Ends the workflow as completed without handing anything over. */
  skipDelivery(principal: Principal, id: string, reason: string): Promise<WorkflowState>;
  /** What a delivery would do; null as for `deliver`. Rejects with `delivery_refused` when it could not. */
  previewDelivery(principal: Principal, id: string, delivery: DeliveryRequest | null): Promise<ShownPreview>;
  /** What there is to hand over, of a failed workflow its best tree. */
  deliverable(principal: Principal, id: string): Promise<Deliverable>;
  /** The files of a tree, by path; rejects with `tree_not_found`. */
  tree(principal: Principal, id: string, name: TreeName): Promise<readonly ArtifactState[]>;
  /** The unified diff between two trees (`base`, `latest`, `cycle-<n>`, `task:<key>`); rejects with `tree_not_found`. */
  diff(
    principal: Principal,
    id: string,
    range: { readonly from: string; readonly to: string },
  ): Promise<string>;
  /** Hears the events of one workflow from the next commit on; the returned function ends it. */
  subscribe(principal: Principal, id: string, listener: EventListener): () => void;
  /** Continues every unfinished workflow of the store. */
  start(): Promise<void>;
  /** Takes no new step, gives running ones `graceMs`, then aborts them; they continue at the next start. */
  stop(graceMs: number): Promise<void>;
}
