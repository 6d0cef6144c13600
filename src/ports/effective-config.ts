import type { WorkflowConfig } from "../core/workflow-config.ts";

/** The configuration that holds in a scope; null is the tenant's root. */
export type EffectiveConfig = (scopeId: string | null) => {
  readonly config: WorkflowConfig;
  readonly hash: string;
};
