import { elapsedMs } from "../elapsed.ts";
import { AT_ONCE, failuresAfter, isFailure } from "../failure-policy.ts";
import type { RoleName } from "../role-name.ts";
import type { RoleOutputs } from "../role-output.ts";
import type { EventPayload, WorkflowEvent } from "./events.ts";
import { type CallInDoubt, isTerminal, type OpenStep, type PendingCall, type WorkflowHead } from "./state.ts";
import { finalizerStep } from "./step-ids.ts";

/** The head after one more event; every commit stores it whole, so nothing in it grows with the journal. */
export function evolveHead(before: WorkflowHead, event: WorkflowEvent): WorkflowHead {
  const head: WorkflowHead = { ...before, version: event.seq, updated_at: event.occurred_at };
  if (isAside(event)) return head;
  switch (event.type) {
    case "settings.changed":
      return { ...head, max_qa_retries: event.payload.max_qa_retries };
    case "state.transition":
      return afterTransition(head, event);
    case "step.started":
    case "step.completed":
    case "step.failed":
    case "step.cancelled":
      return evolveSteps(head, event);
    case "document.written":
      return event.payload.kind === "brief" ? withBrief(head, event.payload.document) : head;
    case "task.created":
      return { ...head, unfinished_tasks: head.unfinished_tasks + 1 };
    case "task.completed":
      return { ...head, unfinished_tasks: head.unfinished_tasks - 1 };
    case "repair.started":
      return withRepair(head, event.payload.cycle);
    case "model.requested":
      return { ...head, open_steps: head.open_steps.map((step) => withCall(step, event)) };
    case "model.called":
      return event.role === null ? head : withSpend(head, event.role, event);
    case "outcome.decided":
      return { ...head, open_steps: head.open_steps.map((step) => withOutcome(step, event)) };
    case "workflow.closed":
      return { ...head, closed: true, refined: true };
    case "delivery.requested":
      return { ...head, later_deliveries: event.payload.ordinal - 1, closed: false };
    case "delivery.completed":
    case "delivery.failed":
    case "delivery.skipped":
      return head;
    case "cycle.judged":
      return withJudgedCycle(head, event.payload);
    case "approval.requested":
    case "approval.responded":
    case "plan.edited":
    case "plan.withdrawn":
      return afterAnswer(head, event);
    case "workflow.created":
    case "task.started":
    case "task.failed":
    case "tree.imported":
    case "receipt.recorded":
    case "claim.unsupported":
    case "contract.violated":
    case "model.reasked":
    case "model.replayed":
    case "model.substituted":
    case "refiner.suggestion":
      return head;
  }
}

type Aside = Extract<
  WorkflowEvent,
  { type: `${"role" | "artifact" | "criterion" | "finding" | "tool"}.${string}` }
>;

/** Events of things that the head says nothing of. */
function isAside(event: WorkflowEvent): event is Aside {
  return /^(role|artifact|criterion|finding|tool)\./.test(event.type);
}

type GateEvent = Extract<WorkflowEvent, { type: `approval.${string}` | `plan.${string}` }>;

function afterAnswer(head: WorkflowHead, event: GateEvent): WorkflowHead {
  const { unfinished_tasks } = head;
  switch (event.type) {
    case "approval.requested":
      return { ...head, approval: event.payload.id };
    case "approval.responded":
      return { ...head, approval: null };
    case "plan.edited":
      return { ...head, unfinished_tasks: unfinished_tasks - event.payload.withdrawn.length };
    case "plan.withdrawn": {
      const left = unfinished_tasks - event.payload.tasks.length;
      return { ...head, later_plans: head.later_plans + 1, unfinished_tasks: left };
    }
  }
}

function withRepair(head: WorkflowHead, cycle: number): WorkflowHead {
  const later_endings = head.done_steps.includes(finalizerStep(head))
    ? head.later_endings + 1
    : head.later_endings;
  return { ...head, cycle, later_endings, verdict: null };
}

function withJudgedCycle(
  head: WorkflowHead,
  { progress: _progress, open, stagnant, best, verdict, ...judged }: EventPayload<"cycle.judged">,
): WorkflowHead {
  const { progress } = head;
  return {
    ...head,
    verdict,
    progress: {
      best: best ? judged : progress.best,
      trees: [...progress.trees, judged.tree_hash],
      open,
      stagnant,
    },
  };
}

function afterTransition(
  head: WorkflowHead,
  event: Extract<WorkflowEvent, { type: "state.transition" }>,
): WorkflowHead {
  const { to, reason, message } = event.payload;
  const leavesEnding = isTerminal(head.status);
  return {
    ...head,
    status: to,
    waiting:
      to === "paused" || to === "awaiting_approval"
        ? {
            kind: to === "paused" ? "paused" : "gate",
            reason: reason ?? "asked",
            message: message ?? "",
            until: null,
          }
        : null,
    ...stoppedClock(head, event.occurred_at),
    ...(to === "running" ? { running_since: event.occurred_at } : {}),
    error:
      to === "failed" ? { code: reason ?? "failed", message: message ?? "", step_id: event.step_id } : null,
    open_steps: to === "running" ? head.open_steps.map(forgiven) : head.open_steps,
    progress: leavesEnding ? { ...head.progress, stagnant: 0 } : head.progress,
    approval: isTerminal(to) ? null : head.approval,
    closings: leavesEnding ? head.closings + 1 : head.closings,
    closed: false,
    refined: false,
    started_at: head.started_at ?? (to === "running" ? event.occurred_at : null),
    completed_at: isTerminal(to) ? event.occurred_at : null,
  };
}

function stoppedClock(
  { running_since, worked_ms }: WorkflowHead,
  at: string,
): Pick<WorkflowHead, "worked_ms" | "running_since"> {
  const worked = running_since === null ? 0 : elapsedMs(running_since, at);
  return { worked_ms: worked_ms + worked, running_since: null };
}

/** A resumed workflow tries its failed steps at once, with their failures forgiven; attempts keep counting. */
function forgiven(step: OpenStep): OpenStep {
  return step.status === "queued" ? { ...step, failures: 0, failed_attempts: 0, available_at: null } : step;
}

type StepEvent = Extract<WorkflowEvent, { type: `step.${string}` }>;

function evolveSteps(head: WorkflowHead, event: StepEvent): WorkflowHead {
  const id = event.step_id ?? "";
  const open = head.open_steps.find((step) => step.id === id);
  const others = head.open_steps.filter((step) => step.id !== id);
  const in_doubt =
    open?.call && event.type !== "step.started" ? [...head.in_doubt, doubt(open, open.call)] : head.in_doubt;
  switch (event.type) {
    case "step.started": {
      const { tree_hash } = event.payload;
      return {
        ...head,
        open_steps: [...others, startedStep(event, open)],
        tree_hash: tree_hash ?? head.tree_hash,
        running_since: head.status === "running" ? (head.running_since ?? event.occurred_at) : null,
      };
    }
    case "step.completed": {
      const lasting = open?.kind === "task" ? head.done_steps : [...head.done_steps, id];
      const steps_completed = head.steps_completed + 1;
      const refined = head.refined || open?.role === "refiner";
      return { ...head, in_doubt, open_steps: others, done_steps: lasting, steps_completed, refined };
    }
    case "step.failed": {
      if (!open) return { ...head, in_doubt, open_steps: others };
      if (open.role === "refiner" && event.payload.retry_at === null)
        return { ...head, in_doubt, open_steps: others, refined: true };
      const { code } = event.payload;
      const queued: OpenStep = {
        ...open,
        status: "queued",
        call: null,
        last_failure: isFailure(code) ? code : open.last_failure,
        failures: failuresAfter(open, code),
        spoiled_attempt: code === "invalid_output" ? open.attempt : open.spoiled_attempt,
        failed_attempts: open.failed_attempts + (isFailure(code) ? 1 : 0),
        owner: null,
        lease_until: null,
        available_at: event.payload.retry_at === AT_ONCE ? null : event.payload.retry_at,
      };
      // Waiting for somebody else's server is no work.
      const clock = code === "delivery_unavailable" ? stoppedClock(head, event.occurred_at) : {};
      return { ...head, ...clock, in_doubt, open_steps: [...others, queued] };
    }
    case "step.cancelled":
      return { ...head, in_doubt, open_steps: others };
  }
}

/** Only steps of a role call models. */
function doubt({ id, attempt, role, task_id }: OpenStep, call: PendingCall): CallInDoubt {
  return { ...call, step_id: id, attempt, role: role ?? "director", task_id };
}

function withOutcome(step: OpenStep, event: Extract<WorkflowEvent, { type: "outcome.decided" }>): OpenStep {
  return step.id === event.step_id ? { ...step, outcome: event.payload.outcome } : step;
}

function withCall(step: OpenStep, event: Extract<WorkflowEvent, { type: "model.requested" }>): OpenStep {
  const { ordinal, reserved_cost_usd, reserved_tokens } = event.payload;
  if (step.id !== event.step_id) return step;
  return { ...step, call: { ordinal, reserved_cost_usd, reserved_tokens } };
}

function startedStep(
  event: Extract<StepEvent, { type: "step.started" }>,
  before: OpenStep | undefined,
): OpenStep {
  const { kind, cycle, attempt, owner, lease_until, base } = event.payload;
  return {
    id: event.step_id ?? "",
    kind,
    role: event.role,
    task_id: event.task_id,
    cycle,
    status: "running",
    attempt,
    failures: before?.failures ?? 0,
    failed_attempts: before?.failed_attempts ?? 0,
    last_failure: before?.last_failure ?? null,
    spoiled_attempt: before?.spoiled_attempt ?? 0,
    owner,
    started_at: event.occurred_at,
    lease_until,
    available_at: null,
    call: null,
    outcome: before?.outcome ?? null,
    base,
  };
}

function withBrief(head: WorkflowHead, document: unknown): WorkflowHead {
  const { title, mode } = document as RoleOutputs["director"];
  return { ...head, title, mode };
}

function withSpend(
  head: WorkflowHead,
  role: RoleName,
  { step_id, payload }: Extract<WorkflowEvent, { type: "model.called" }>,
): WorkflowHead {
  const { attempt, ordinal, usage, cost_usd } = payload;
  const before = head.spend.find((spend) => spend.role === role);
  const spend = {
    role,
    model_calls: (before?.model_calls ?? 0) + 1,
    input_tokens: (before?.input_tokens ?? 0) + usage.input_tokens,
    output_tokens: (before?.output_tokens ?? 0) + usage.output_tokens,
    cost_usd: (before?.cost_usd ?? 0) + (cost_usd ?? 0),
    unpriced_calls: (before?.unpriced_calls ?? 0) + (cost_usd === null ? 1 : 0),
  };
  const ended = (step: OpenStep): boolean =>
    step.id === step_id && step.attempt === attempt && step.call?.ordinal === ordinal;
  return {
    ...head,
    spend: [...head.spend.filter((other) => other.role !== role), spend],
    open_steps: head.open_steps.map((step) => (ended(step) ? { ...step, call: null } : step)),
    in_doubt: head.in_doubt.filter(
      (call) => call.step_id !== step_id || call.attempt !== attempt || call.ordinal !== ordinal,
    ),
  };
}
