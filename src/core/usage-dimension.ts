/** By what model calls can be grouped when they are summed up; `day` is that of UTC. */
export const USAGE_DIMENSIONS = ["day", "scope", "role", "model", "workflow"] as const;
export type UsageDimension = (typeof USAGE_DIMENSIONS)[number];
