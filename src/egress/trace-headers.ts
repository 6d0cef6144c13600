import type { CallTrace } from "../ports/chat-model.ts";

/** The headers by which a gateway, a recording or a bill is matched with the step that caused the request. */
export function traceHeaders(trace: CallTrace): Readonly<Record<string, string>> {
  return {
    "x-orca-workflow": trace.workflow_id,
    "x-orca-role": trace.role,
    "x-orca-step": trace.step_id,
    "x-orca-attempt": String(trace.attempt),
    "x-orca-call": String(trace.call),
  };
}
