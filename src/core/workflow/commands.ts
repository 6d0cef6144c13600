import type { AcceptanceCriterion, PlannedTask } from "../documents.ts";
import type { Receipt } from "../receipt.ts";
import type { RoleName } from "../role-name.ts";
import type { Outcome } from "../tool-semantics.ts";
import type { BudgetChange } from "../workflow-config.ts";
import type { DeliveryDocument, DeliveryRequest, DeliveryState } from "./delivery-state.ts";
import type { EventPayload } from "./events.ts";
import type { ApprovalVerb, PinnedModel, WorkflowSettings } from "./state.ts";

/** Who asks and when; ids and times come from outside, so that the core stays a function. `at` is RFC 3339 in UTC. */
type Asked = { readonly at: string; readonly actor: string };

export type CreateWorkflow = Asked & {
  readonly type: "workflow.create";
  readonly id: string;
  readonly tenant_id: string;
  readonly scope_id: string | null;
  readonly parent_id: string | null;
  readonly settings: WorkflowSettings;
  readonly max_qa_retries: number;
  /** Set when nothing can run yet: the workflow is kept as paused. */
  readonly parked: { readonly reason: string; readonly message: string } | null;
};

export type PauseWorkflow = Asked & { readonly type: "workflow.pause" };
export type ResumeWorkflow = Asked & {
  readonly type: "workflow.resume";
  readonly max_qa_retries: number | null;
  readonly pinned: PinnedModel | null;
  readonly budget: BudgetChange | null;
  /** The answer to the gate `outcome`. */
  readonly outcome: Outcome | null;
};
export type CancelWorkflow = Asked & { readonly type: "workflow.cancel" };

/** A person's answer to a gate. `criteria` and `tasks` go with `edit` alone; null leaves them as they were shown. */
export type RespondApproval = Asked & {
  readonly type: "approval.respond";
  readonly id: string;
  readonly verb: ApprovalVerb;
  /** Reaches the roles that work after it. */
  readonly note: string | null;
  readonly criteria: readonly AcceptanceCriterion[] | null;
  readonly tasks: readonly PlannedTask[] | null;
};

/** A person does without a criterion, or knows better than a finding. */
export type Waive = Asked & {
  readonly type: "waive";
  readonly what: "criterion" | "finding";
  readonly id: string;
  readonly reason: string;
};

/** Hands the finished work over once more, or at last; nulls repeat what was asked for before. */
export type RequestDelivery = Asked & {
  readonly type: "delivery.request";
  readonly delivery: DeliveryRequest | null;
};

/** A person does without the delivery that waits. */
export type SkipDelivery = Asked & { readonly type: "delivery.skip"; readonly reason: string };

export type StartStep = Asked & {
  readonly type: "step.start";
  readonly step_id: string;
  readonly owner: string;
  readonly lease_until: string;
  /** Hash of the newest artifacts as they are now; kept for steps that judge or deliver them. */
  readonly tree_hash: string | null;
};

/** What a step brought back. */
export type StepResult =
  | {
      readonly kind: "role";
      readonly role: RoleName;
      readonly output: Readonly<Record<string, unknown>>;
      /** Keys (`citationKey`) of the citations in the output that were found where they point; of QA alone. */
      readonly resolved?: readonly string[];
      /** Commands of this step that ran in the sandbox and ended with 0. */
      readonly succeeded?: readonly string[];
    }
  | { readonly kind: "tree"; readonly tree: EventPayload<"tree.imported"> }
  | { readonly kind: "validation"; readonly receipts: readonly Receipt[] }
  | {
      readonly kind: "delivery";
      readonly receipt: Pick<DeliveryState, "action" | "links" | "metadata"> & {
        readonly documents?: readonly DeliveryDocument[];
      };
    };

export type CompleteStep = Asked & {
  readonly type: "step.complete";
  readonly step_id: string;
  readonly attempt: number;
  readonly result: StepResult;
};

export type StepFailure = {
  readonly code: string;
  readonly message: string;
  readonly retry_after_ms: number | null;
};

export type FailStep = Asked & {
  readonly type: "step.fail";
  readonly step_id: string;
  readonly attempt: number;
  readonly failure: StepFailure;
  /** When the next attempt may start, should the policy grant one. */
  readonly retry_at: string;
};

/** Asks that a model call may leave. It is refused at the edge of the budget: the step is given back, a gate opens. */
export type RequestModelCall = Asked & {
  readonly type: "step.request_call";
  readonly step_id: string;
  readonly attempt: number;
  readonly call: EventPayload<"model.requested">;
};

/** A fact that a running step journals before it ends. */
export type StepRecord =
  | { readonly type: "model.called"; readonly payload: EventPayload<"model.called"> }
  | { readonly type: "model.reasked"; readonly payload: EventPayload<"model.reasked"> }
  | { readonly type: "model.replayed"; readonly payload: EventPayload<"model.replayed"> }
  | { readonly type: "tool.requested"; readonly payload: EventPayload<"tool.requested"> }
  | { readonly type: "tool.called"; readonly payload: EventPayload<"tool.called"> }
  | { readonly type: "tool.replayed"; readonly payload: EventPayload<"tool.replayed"> }
  | { readonly type: "model.substituted"; readonly payload: EventPayload<"model.substituted"> }
  | { readonly type: "contract.violated"; readonly payload: EventPayload<"contract.violated"> };

export type RecordInStep = Asked & {
  readonly type: "step.record";
  readonly step_id: string;
  readonly attempt: number;
  readonly records: readonly StepRecord[];
};

export type WorkflowCommand =
  | PauseWorkflow
  | ResumeWorkflow
  | CancelWorkflow
  | RespondApproval
  | Waive
  | RequestDelivery
  | SkipDelivery
  | StartStep
  | CompleteStep
  | FailStep
  | RequestModelCall
  | RecordInStep;
