import type { WorkflowEvent } from "./events.ts";
import type { WorkflowState } from "./state.ts";

/** The findings after one more event. */
export function evolveFindings(
  state: WorkflowState,
  event: Extract<WorkflowEvent, { type: `finding.${string}` }>,
): Pick<WorkflowState, "findings"> | undefined {
  const { findings } = state;
  if (event.type === "finding.raised") {
    const { cycle, ...finding } = event.payload;
    const raised = {
      ...finding,
      status: "open",
      raised_in_cycle: cycle,
      resolved_in_cycle: null,
      resolution: null,
    } as const;
    return { findings: findings.set(finding.id, raised) };
  }
  const known = findings.get(event.payload.id);
  if (!known) return undefined;
  if (event.type === "finding.updated") {
    const { cycle: _cycle, ...report } = event.payload;
    const open = { status: "open", resolved_in_cycle: null, resolution: null } as const;
    return { findings: findings.set(known.id, { ...known, ...report, ...open }) };
  }
  if (event.type === "finding.waived") {
    const waived = { ...known, status: "waived", resolution: event.payload.reason } as const;
    return { findings: findings.set(known.id, waived) };
  }
  const { cycle, resolution } = event.payload;
  return {
    findings: findings.set(known.id, { ...known, status: "resolved", resolved_in_cycle: cycle, resolution }),
  };
}
