import type { WorkflowHead } from "./state.ts";

/** A plan that a person has sent back is a step that is finished: the next one is another step. */
export function architectStep({ cycle, later_plans }: Pick<WorkflowHead, "cycle" | "later_plans">): string {
  return cycle === 0 && later_plans > 0 ? `architect:0.${later_plans}` : `architect:${cycle}`;
}

/** The work may be repaired after it was finalized; the next ending is another step. */
export function finalizerStep({ later_endings }: Pick<WorkflowHead, "later_endings">): string {
  return later_endings > 0 ? `finalizer:${later_endings}` : "finalizer";
}

/** Every delivery is a step of its own, so that a finished one never runs again. */
export function deliveryStep({ later_deliveries }: Pick<WorkflowHead, "later_deliveries">): string {
  return later_deliveries > 0 ? `delivery:${later_deliveries + 1}` : "delivery";
}

/** The id of the delivery that a step carries out. */
export function deliveryOfStep(stepId: string): string {
  return stepId === "delivery" ? "d1" : `d${stepId.slice("delivery:".length)}`;
}

/** The `base` of steps from before there was one: they build on whatever is there. */
export const EVERY_ARTIFACT = Number.MAX_SAFE_INTEGER;
