import { accept, type Decided, reject } from "../../domain-error.ts";
import { elapsedMs } from "../../elapsed.ts";
import { criteriaFaults, taskFaults } from "../../role-contract.ts";
import type { Gate } from "../../workflow-config.ts";
import type { RespondApproval } from "../commands.ts";
import { type NewEvent, newEvent } from "../events.ts";
import { isTerminal, type OpenStep, plannedTasks, type WorkflowState } from "../state.ts";
import { createdTasks } from "./created-tasks.ts";

const ASKS: Record<Gate, string> = {
  plan: "The plan waits for approval: approve it, edit it, ask for changes, or reject it.",
  delivery:
    "The result waits for approval before it is handed over: approve it, ask for changes, or reject it.",
};

/** The question that a finished step leads to, where the workflow has a gate there. */
export function gateAfter(state: WorkflowState, step: OpenStep): NewEvent[] {
  const gate = gateOf(step);
  const { status } = state.head;
  if (gate === null || !state.settings.gates.includes(gate) || isTerminal(status)) return [];
  const ordinal = state.approvals.size + 1;
  const id = `ap${ordinal}`;
  const asked = { id, ordinal, gate, cycle: step.cycle };
  const requested = newEvent("approval.requested", asked);
  // One that was paused meanwhile stays so, and asks when it is resumed.
  return status === "paused" ? [requested] : [requested, awaitsApproval(state, gate)];
}

/** The workflow waits at a gate. */
export function awaitsApproval({ head }: WorkflowState, gate: Gate): NewEvent {
  const to = { from: head.status, to: "awaiting_approval", reason: gate, message: ASKS[gate] } as const;
  return newEvent("state.transition", to);
}

function gateOf({ role, cycle }: OpenStep): Gate | null {
  if (role === "architect" && cycle === 0) return "plan";
  return role === "finalizer" ? "delivery" : null;
}

/** A person's answer. One that comes too late can only be no. */
export function respondApproval(
  state: WorkflowState,
  command: RespondApproval,
): Decided<readonly NewEvent[]> {
  const { id, verb, note } = command;
  const approval = state.approvals.get(id);
  if (!approval || state.head.approval !== id || state.head.status !== "awaiting_approval") {
    return reject(
      "approval_closed",
      `The approval ${id} is not waited for; look at what the workflow waits for now.`,
    );
  }
  const { gate, requested_at } = approval;
  if ((verb === "approve" || verb === "edit") && isExpired(state, requested_at, command.at)) {
    return reject(
      "approval_expired",
      `The approval ${id} has expired. Ask for changes, so that it is shown again, or reject it.`,
    );
  }
  const answered = newEvent("approval.responded", { id, verb, note });
  switch (verb) {
    case "approve":
      return accept([answered, goOn()]);
    case "edit":
      return editPlan(state, command, [answered]);
    case "request_changes":
      return accept([answered, ...(gate === "plan" ? withdrawPlan(state) : reworked(state, note))]);
    case "reject": {
      const message = note ?? `Rejected at the ${gate} gate.`;
      const to = { from: state.head.status, to: "failed", reason: "rejected", message } as const;
      return accept([answered, newEvent("state.transition", to)]);
    }
  }
}

function isExpired(state: WorkflowState, requested_at: string, at: string): boolean {
  const { approval_expires_s } = state.settings;
  if (approval_expires_s === null) return false;
  return elapsedMs(requested_at, at) > approval_expires_s * 1000;
}

function goOn(): NewEvent {
  return newEvent("state.transition", {
    from: "awaiting_approval",
    to: "running",
    reason: "approved",
    message: null,
  });
}

function editPlan(
  state: WorkflowState,
  { criteria, tasks }: RespondApproval,
  events: NewEvent[],
): Decided<readonly NewEvent[]> {
  if (state.approvals.get(state.head.approval ?? "")?.gate !== "plan")
    return reject("invalid_edit", "Only a plan can be edited; ask for changes instead.");
  if (criteria === null && tasks === null)
    return reject("invalid_edit", "Give the criteria or the tasks as they should be.");
  const withdrawn = tasks === null ? [] : plannedTasks(state).map((task) => task.id);
  const ids = criteria?.map(({ id }) => id) ?? null;
  const faults = [
    ...(criteria === null ? [] : criteriaFaults(criteria)),
    ...taskFaults(state, tasks ?? plannedTasks(state).map(asPlanned), { criteria: ids, replacing: true }),
  ];
  if (faults.length > 0) return reject("invalid_edit", "The edited plan can't be carried out.", faults);
  events.push(newEvent("plan.edited", { criteria: criteria === null ? null : [...criteria], withdrawn }));
  if (tasks !== null) events.push(...createdTasks(state, tasks, { role: null, step_id: null }));
  return accept([...events, goOn()]);
}

function asPlanned(task: ReturnType<typeof plannedTasks>[number]) {
  const { id, title, description, depends_on, criteria, writes } = task;
  return {
    key: id,
    title,
    description,
    depends_on: [...depends_on],
    criteria: [...criteria],
    writes: [...writes],
  };
}

function withdrawPlan(state: WorkflowState): NewEvent[] {
  const tasks = plannedTasks(state).map((task) => task.id);
  return [newEvent("plan.withdrawn", { cycle: state.head.cycle, tasks }), goOn()];
}

const GRANTED_REPAIRS = 2;

/**
 * What a person wants changed of the result is a finding that only a person or a shown change settles. With it go the
 * repair that makes the change and one more, in which a first try that failed may be mended.
 */
function reworked(state: WorkflowState, note: string | null): NewEvent[] {
  const { cycle, max_qa_retries } = state.head;
  const { pinned } = state.settings;
  const granted = { max_qa_retries: Math.max(max_qa_retries, cycle + GRANTED_REPAIRS), pinned, budget: null };
  const ordinal = state.findings.size + 1;
  const id = `f${ordinal}`;
  const description = note ?? "A person asked for changes before delivery.";
  return [
    newEvent("finding.raised", {
      id,
      ordinal,
      cycle,
      severity: "blocking",
      component: "result",
      description,
      recommendation: "Change the result as the person asks.",
      evidence: "Asked for at the delivery gate.",
      citations: [],
      criterion: null,
      raised_by: "person",
      evidence_class: "cited",
      fingerprint: "",
      receipt: null,
    }),
    goOn(),
    ...(granted.max_qa_retries > max_qa_retries ? [newEvent("settings.changed", granted)] : []),
    newEvent("repair.started", { cycle: cycle + 1, findings: [id] }),
  ];
}
