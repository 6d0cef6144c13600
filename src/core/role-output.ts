import { z } from "zod";

import {
  ArtifactReference,
  Constitution,
  CriterionVerdict,
  Design,
  Finalization,
  Plan,
  PlannedTask,
  ReportedFinding,
  Requirements,
  SuggestedImprovement,
  WrittenArtifact,
} from "./documents.ts";
import { Mode, RoleName } from "./role-name.ts";

const summary = z.string().describe("Two or three sentences for the next role and for the reader.");

/** What each role may say, field by field. A field that stands in one shape only is owned by that role. */
export const DirectorOutput = z.object({
  mode: Mode,
  title: z.string().min(1).describe("A title of at most 80 characters."),
  goals: z.array(z.string()).describe("What the person wants to have at the end, one goal a line."),
  model: z.string().describe("Model for roles that have no choice of their own, as provider/model."),
  role_models: z
    .array(z.object({ role: RoleName, model: z.string() }))
    .describe("Roles that deserve another model; empty when one model serves all."),
  finalizer_action: z.string().describe("How the result is handed over."),
  rationale: z.string().describe("Why these choices, and how an ambiguous request was read."),
  summary,
});
export type DirectorOutput = z.infer<typeof DirectorOutput>;

export const ProjectManagerOutput = z.object({
  constitution: Constitution,
  requirements: Requirements,
  plan: Plan,
  summary,
});
export const ArchitectOutput = z.object({
  design: Design,
  tasks: z.array(PlannedTask).min(1).describe("At least one."),
  summary,
});
const deleted = z.array(z.string()).default([]).describe("Paths of files that are to go; as a rule empty.");
export const ImplementerOutput = z.object({
  artifacts: z.array(WrittenArtifact).describe("Every file of this task that is new or changed."),
  deleted,
  summary,
});
export type ImplementerOutput = z.infer<typeof ImplementerOutput>;
export const QaOutput = z.object({
  criteria: z.array(CriterionVerdict),
  findings: z.array(ReportedFinding),
  summary,
});
export type QaOutput = z.infer<typeof QaOutput>;
export const FinalizerOutput = Finalization;
export const RefinerOutput = z.object({
  suggestions: z.array(SuggestedImprovement),
  health_score: z.number().min(0).max(100).describe("0 to 100: how well this workflow went."),
  overall_assessment: z.string().describe("What went well, what cost most, and why."),
});

/** What a role's model returns, before artifact contents are moved into blobs. */
export const ROLE_OUTPUTS = {
  director: DirectorOutput,
  project_manager: ProjectManagerOutput,
  architect: ArchitectOutput,
  implementer: ImplementerOutput,
  qa: QaOutput,
  finalizer: FinalizerOutput,
  refiner: RefinerOutput,
} as const satisfies Record<RoleName, z.ZodObject>;

/** What the core accepts from the Implementer: references, no contents. */
export const StoredImplementerOutput = z.object({ artifacts: z.array(ArtifactReference), deleted, summary });
export type StoredImplementerOutput = z.infer<typeof StoredImplementerOutput>;

/** The same shapes as they reach `decide` and stand in events. */
export const STORED_OUTPUTS = { ...ROLE_OUTPUTS, implementer: StoredImplementerOutput } as const;

export type RoleOutputs = { [R in RoleName]: z.infer<(typeof STORED_OUTPUTS)[R]> };
