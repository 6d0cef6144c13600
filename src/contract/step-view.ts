import { z } from "@hono/zod-openapi";

import { RoleName } from "../core/role-name.ts";
import type { StepRow } from "../core/workflow/commit.ts";
import { StepKind } from "../core/workflow/state.ts";

export const StepView = z
  .object({
    id: z.string(),
    kind: StepKind,
    role: RoleName.nullable(),
    task_id: z.string().nullable(),
    cycle: z.int(),
    status: z.enum(["queued", "running", "completed", "failed", "cancelled"]),
    attempt: z.int(),
    available_at: z.string().nullable().describe("When the next attempt may start."),
    started_at: z.string().nullable(),
    finished_at: z.string().nullable(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
  })
  .openapi("Step");
export type StepView = z.infer<typeof StepView>;

/** Who holds the step and until when stays inside. */
export function toStepView({ owner: _owner, lease_until: _leaseUntil, ...row }: StepRow): StepView {
  return row;
}
