import { z } from "zod";

/** The seven roles in pipeline order; the Refiner trails. */
export const ROLE_NAMES = [
  "director",
  "project_manager",
  "architect",
  "implementer",
  "qa",
  "finalizer",
  "refiner",
] as const;
export const RoleName = z.enum(ROLE_NAMES);
export type RoleName = z.infer<typeof RoleName>;

export const MODES = ["software", "content", "docs", "research", "ops", "mixed"] as const;
export const Mode = z.enum(MODES);
export type Mode = z.infer<typeof Mode>;
