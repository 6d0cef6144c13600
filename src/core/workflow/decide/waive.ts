import { accept, type Decided, reject } from "../../domain-error.ts";
import type { Waive } from "../commands.ts";
import { type NewEvent, newEvent } from "../events.ts";
import { openFindings, type WorkflowState } from "../state.ts";
import { criteriaOf } from "./verdicts.ts";

/** A person takes it on himself that something is not shown to be right. */
export function waive(state: WorkflowState, command: Waive): Decided<readonly NewEvent[]> {
  const { status, closed } = state.head;
  if (status === "completed" || status === "cancelled")
    return reject("already_closed", `The workflow is ${status}; there is nothing left to waive.`);
  const waived = waivedBy(state, command);
  if (!waived.ok || waived.value.length === 0 || !closed) return waived;
  // Whoever follows a closed workflow is told again that there is no more to come.
  return accept([...waived.value, newEvent("workflow.closed", { status })]);
}

function waivedBy(state: WorkflowState, { what, id, reason }: Waive): Decided<readonly NewEvent[]> {
  if (what === "finding") {
    const finding = state.findings.get(id);
    if (!finding) return reject("unknown_finding", `There is no finding ${id}.`);
    if (finding.status !== "open") return accept([]);
    return accept([newEvent("finding.waived", { id, reason })]);
  }
  if (!criteriaOf(state).some((criterion) => criterion.id === id))
    return reject("unknown_criterion", `There is no acceptance criterion ${id}.`);
  if (state.waivers.has(id)) return accept([]);
  const settled = openFindings(state).filter((finding) => finding.criterion === id);
  return accept([
    newEvent("criterion.waived", { id, reason }),
    ...settled.map((finding) => newEvent("finding.waived", { id: finding.id, reason })),
  ]);
}
