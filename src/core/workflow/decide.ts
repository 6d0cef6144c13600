import { accept, type Decided } from "../domain-error.ts";
import type { CreateWorkflow, WorkflowCommand } from "./commands.ts";
import { respondApproval } from "./decide/approvals.ts";
import { completeStep } from "./decide/complete-step.ts";
import { requestDelivery, skipDelivery } from "./decide/deliveries.ts";
import { failStep } from "./decide/fail-step.ts";
import { requestModelCall } from "./decide/request-call.ts";
import { recordInStep, startStep } from "./decide/run-step.ts";
import { cancelWorkflow, pauseWorkflow, resumeWorkflow } from "./decide/steer-workflow.ts";
import { waive } from "./decide/waive.ts";
import { EVENT_VERSION, type NewEvent, newEvent, type WorkflowEvent } from "./events.ts";
import type { WorkflowState } from "./state.ts";

/**
 * The events by which a command changes a workflow, or why it may not. Every rule about order, role contracts,
 * repair cycles and waiting stands here and in `next`; nothing outside of the core judges them again.
 */
export function decide(state: WorkflowState, command: WorkflowCommand): Decided<readonly WorkflowEvent[]> {
  const decided = judge(state, command);
  if (!decided.ok) return decided;
  return accept(placed(decided.value, state.head.version, command));
}

/** The first events of a workflow. */
export function decideCreation(command: CreateWorkflow): readonly WorkflowEvent[] {
  const { id, tenant_id, scope_id, parent_id, settings, max_qa_retries, parked } = command;
  const title = settings.given_title ?? titleOf(settings.request);
  const events = [
    newEvent("workflow.created", { ...settings, id, tenant_id, scope_id, parent_id, title, max_qa_retries }),
  ];
  if (parked) events.push(newEvent("state.transition", { from: "pending", to: "paused", ...parked }));
  return placed(events, 0, command);
}

function judge(state: WorkflowState, command: WorkflowCommand): Decided<readonly NewEvent[]> {
  switch (command.type) {
    case "workflow.pause":
      return pauseWorkflow(state);
    case "workflow.resume":
      return resumeWorkflow(state, command);
    case "workflow.cancel":
      return cancelWorkflow(state);
    case "approval.respond":
      return respondApproval(state, command);
    case "waive":
      return waive(state, command);
    case "delivery.request":
      return requestDelivery(state, command);
    case "delivery.skip":
      return skipDelivery(state, command);
    case "step.start":
      return startStep(state, command);
    case "step.request_call":
      return requestModelCall(state, command);
    case "step.record":
      return recordInStep(state, command);
    case "step.complete":
      return completeStep(state, command);
    case "step.fail":
      return failStep(state, command);
  }
}

function placed(
  events: readonly NewEvent[],
  version: number,
  asked: { readonly at: string; readonly actor: string },
): WorkflowEvent[] {
  return events.map((event, index) => ({
    ...event,
    seq: version + index + 1,
    actor: asked.actor,
    version: EVENT_VERSION,
    occurred_at: asked.at,
  }));
}

const LONGEST_TITLE = 80;

/** A title until the Director gives a better one: the first line of the request, cut between characters. */
function titleOf(request: string): string {
  const line = request.trim().split(/\s*[\r\n]/, 1)[0] ?? "";
  const characters = Array.from(line.slice(0, 2 * LONGEST_TITLE + 2));
  return characters.length <= LONGEST_TITLE ? line : `${characters.slice(0, LONGEST_TITLE - 1).join("")}…`;
}
