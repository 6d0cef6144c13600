import { z } from "zod";

import { Check } from "./check.ts";
import { Citation } from "./citation.ts";

/** The typed documents that roles write. Descriptions travel to the model inside the output schema. */

const Text = z.string();
const Lines = z.array(z.string());

export const CRITERION_LEVELS = ["must", "should"] as const;
export const AcceptanceCriterion = z.object({
  id: Text.regex(/^[A-Za-z][A-Za-z0-9_-]{0,31}$/).describe("Short id, unique in the contract, such as AC1."),
  text: Text.min(1).describe("One observable statement that can be judged true or false."),
  level: z
    .enum(CRITERION_LEVELS)
    .describe("must: the work is not done without it. should: wanted, not blocking."),
  check: Check.default({ kind: "rubric", question: "Does it hold?" }).describe(
    "What decides it. Prefer what a machine can run: command, file, http. rubric only for what must be read.",
  ),
});
export type AcceptanceCriterion = z.infer<typeof AcceptanceCriterion>;

export const Constitution = z.object({
  vision: Text.describe("What exists when the work is done, and for whom it matters."),
  goals: Lines,
  constraints: Lines.describe("Limits the request states or clearly implies."),
  audience: Text.describe("Who reads or uses the result."),
  output_medium: Text.describe("The form of the result: source files, a report, an article."),
  acceptance_criteria: z.array(AcceptanceCriterion).min(1).describe("At least one."),
  out_of_scope: Lines,
});
export type Constitution = z.infer<typeof Constitution>;

export const Requirement = z.object({
  id: Text,
  title: Text,
  description: Text,
  priority: z.enum(["must", "should", "could", "wont"]),
  source: Text.describe("Where it comes from: the words of the request, or the assumption that was made."),
});
export const Requirements = z.object({
  functional: z.array(Requirement),
  non_functional: z.array(Requirement),
  dependencies: Lines,
});
export type Requirements = z.infer<typeof Requirements>;

export const Milestone = z.object({
  id: Text,
  title: Text,
  depends_on: z.array(Text).describe("Ids of milestones that come before."),
  done_when: Text.describe("The observable fact that ends this milestone."),
});
export const Plan = z.object({ milestones: z.array(Milestone) });
export type Plan = z.infer<typeof Plan>;

export const Design = z.object({
  overview: Text,
  components: z.array(z.object({ name: Text, description: Text, inputs: Lines, outputs: Lines })),
  decisions: z.array(z.object({ decision: Text, rationale: Text, tradeoffs: Text.nullable() })),
  diagrams: Lines.describe("Mermaid sources; an empty list when words are enough."),
  tech_stack: Lines.describe("What the result is made with; empty where that means nothing."),
  delivery_target: Text.describe("What is handed over at the end, and in which form."),
});
export type Design = z.infer<typeof Design>;

export const TASK_KEY = /^[a-z0-9][a-z0-9-]{0,39}$/;
export const PlannedTask = z.object({
  key: Text.describe("Unique handle of the task: lower-case letters, digits and hyphens, 40 at most."),
  title: Text.min(1),
  description: Text.describe("Everything the Implementer needs: the files to write, behaviour, limits."),
  depends_on: z
    .array(Text)
    .describe("Keys of tasks whose artifacts this one needs; empty when it can start at once."),
  criteria: z.array(Text).describe("Ids of the acceptance criteria this task serves."),
  writes: z
    .array(Text)
    .default([])
    .describe(
      "Every path this task writes: files, or directories ending in /. Tasks whose paths are apart run at the same time.",
    ),
});
export type PlannedTask = z.infer<typeof PlannedTask>;

export const ARTIFACT_KINDS = [
  "code",
  "document",
  "diagram",
  "markdown",
  "config",
  "report",
  "blog_post",
  "data",
] as const;
export const ArtifactKind = z.enum(ARTIFACT_KINDS);
export type ArtifactKind = z.infer<typeof ArtifactKind>;

const artifactFields = {
  path: Text.describe("Relative path with forward slashes, such as src/index.js."),
  kind: ArtifactKind,
  description: Text.describe("One sentence on what this file is for."),
};
export const WrittenArtifact = z.object({
  ...artifactFields,
  content: Text.nullable().describe(
    "The complete content of the file; null for one that you have written with the tools.",
  ),
});
export type WrittenArtifact = z.infer<typeof WrittenArtifact>;

/** An artifact as the core sees it: content stays outside, addressed by SHA-256; size in bytes. */
export const ArtifactReference = z.object({ ...artifactFields, hash: Text, size: z.number().int() });
export type ArtifactReference = z.infer<typeof ArtifactReference>;

export const VERDICTS = ["met", "unmet", "unknown"] as const;
export const CriterionVerdict = z.object({
  id: Text.describe("Id of the acceptance criterion."),
  verdict: z.enum(VERDICTS).describe("unknown when the artifacts do not let you tell."),
  evidence: Text.describe("What shows it, in words: what was run and seen, what stands where."),
  citations: z
    .array(Citation)
    .default([])
    .describe(
      "Where it can be seen. A rubric that is met needs one that can be found; others may have none.",
    ),
});
export type CriterionVerdict = z.infer<typeof CriterionVerdict>;

export const SEVERITIES = ["blocking", "warning", "info"] as const;
export const ReportedFinding = z.object({
  id: Text.nullable().describe(
    "Null for a new finding. The id of an open finding to settle it: severity info closes it, any other severity says that it still stands.",
  ),
  severity: z.enum(SEVERITIES).describe("blocking: the work must not be delivered with it."),
  component: Text.describe("The file or part it is about."),
  description: Text,
  recommendation: Text.describe("The change that would settle it."),
  evidence: Text.describe("What shows it, in words."),
  citations: z
    .array(Citation)
    .default([])
    .describe("Where it can be seen. A finding that shows nothing is an opinion, and blocks nothing."),
  criterion: Text.nullable().describe("Id of the acceptance criterion that it violates, or null."),
});
export type ReportedFinding = z.infer<typeof ReportedFinding>;

export const Finalization = z.object({
  delivery_notes: Text.describe("What the receiver must know to use the result."),
  summary: Text,
});
export type Finalization = z.infer<typeof Finalization>;

export const SUGGESTION_TARGETS = ["agent", "skill", "prompt", "role", "workflow", "provider"] as const;
export const SuggestedImprovement = z.object({
  component_type: z.enum(SUGGESTION_TARGETS),
  component_name: Text.min(1).describe("Exact name of the component, such as the name of a role."),
  problem: Text.min(1).describe("What went worse than it should have, with the evidence."),
  proposed_fix: Text.min(1),
  content: Text.nullable().describe("The complete new text of the component, or null."),
  priority: z.enum(["high", "medium", "low"]),
});
export type SuggestedImprovement = z.infer<typeof SuggestedImprovement>;
