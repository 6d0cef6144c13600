import { pathKey } from "../artifact-path.ts";
import type { Constitution, Design, Finalization, Plan, Requirements } from "../documents.ts";
import { type Mode, ROLE_NAMES, type RoleName } from "../role-name.ts";
import {
  type ArtifactState,
  byOrdinal,
  documentOf,
  type CriterionState,
  type DeliveryState,
  type FindingState,
  openFindings,
  type StepSpec,
  type TaskState,
  type WorkflowState,
} from "./state.ts";

/** An artifact in a packet; `content` is null where the role needs only to know that it exists. */
export type PacketArtifact = Pick<
  ArtifactState,
  "id" | "path" | "kind" | "description" | "revision" | "task_id" | "hash"
> & {
  readonly content: string | null;
};

/**
 * Everything one role invocation is given; roles read nothing else. Absent documents are null.
 * `choices` are the values that references in the output may take; empty lists mean that nothing is known.
 */
export type HandoffPacket = {
  readonly workflow_id: string;
  readonly role: RoleName;
  readonly request: string;
  readonly title: string;
  /** Chosen by the caller or the Director; null until then. */
  readonly mode: Mode | null;
  readonly mode_is_given: boolean;
  readonly title_is_given: boolean;
  /** Repair cycle, 0 for the first pass. */
  readonly cycle: number;
  readonly max_qa_retries: number;
  readonly status: string;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly brief: unknown;
  readonly constitution: Constitution | null;
  readonly requirements: Requirements | null;
  readonly plan: Plan | null;
  readonly design: Design | null;
  readonly finalization: Finalization | null;
  readonly summaries: readonly { readonly role: RoleName; readonly summary: string }[];
  readonly tasks: readonly TaskState[];
  /** The Implementer's own task; null for other roles. */
  readonly task: TaskState | null;
  readonly artifacts: readonly PacketArtifact[];
  readonly criteria: readonly CriterionState[];
  readonly findings: readonly FindingState[];
  readonly delivery: DeliveryState | null;
  readonly choices: {
    readonly models: readonly string[];
    readonly default_model: string;
    readonly delivery_actions: readonly string[];
    readonly criteria: readonly string[];
    readonly task_keys: readonly string[];
    readonly open_findings: readonly string[];
  };
};

export type PacketSurroundings = {
  readonly models: readonly string[];
  readonly default_model: string;
  readonly delivery_actions: readonly string[];
  /** Contents by hash, for the artifacts that `neededContents` named. */
  readonly contents: ReadonlyMap<string, string>;
};

/** The artifacts whose content the step's role reads: QA all newest revisions, the Implementer what its task builds on. */
export function neededContents(state: WorkflowState, step: StepSpec): ArtifactState[] {
  switch (step.role) {
    case "qa":
      return byOrdinal(state.latest_artifacts.values());
    case "implementer":
      return foundation(state, step);
    case "architect":
      return step.cycle > 0 ? byOrdinal(state.latest_artifacts.values()) : [];
    case "director":
    case "project_manager":
    case "finalizer":
    case "refiner":
    case null:
      return [];
  }
}

/**
 * What a task builds on: the artifacts of the tasks it depends on and, in a repair, the tree as the cycle found it.
 * What siblings write meanwhile stays out, so that a second attempt is given the same as the first.
 */
function foundation(state: WorkflowState, step: StepSpec): ArtifactState[] {
  const depends_on = (step.task_id !== null && state.tasks.get(step.task_id)?.depends_on) || [];
  const visible = byOrdinal(state.artifacts.values()).filter(
    (artifact) => depends_on.includes(artifact.task_id) || (step.cycle > 0 && artifact.cycle < step.cycle),
  );
  return byOrdinal(new Map(visible.map((artifact) => [pathKey(artifact.path), artifact])).values());
}

export function buildPacket(
  state: WorkflowState,
  step: StepSpec & { readonly role: RoleName },
  surroundings: PacketSurroundings,
): HandoffPacket {
  const { head, settings } = state;
  const constitution = documentOf(state, "constitution");
  const needed = neededContents(state, step);
  const readable = new Set(needed.map((artifact) => artifact.id));
  const shown = step.role === "implementer" ? needed : byOrdinal(state.latest_artifacts.values());
  return {
    workflow_id: head.id,
    role: step.role,
    request: settings.request,
    title: head.title,
    mode: head.mode,
    mode_is_given: settings.given_mode !== null,
    title_is_given: settings.given_title !== null,
    cycle: head.cycle,
    max_qa_retries: head.max_qa_retries,
    status: head.status,
    error: head.error && { code: head.error.code, message: head.error.message },
    brief: state.documents.get("brief") ?? null,
    constitution,
    requirements: documentOf(state, "requirements"),
    plan: documentOf(state, "plan"),
    design: documentOf(state, "design"),
    finalization: documentOf(state, "finalization"),
    summaries: ROLE_NAMES.flatMap((role) => {
      const summary = state.summaries.get(role);
      return summary === undefined ? [] : [{ role, summary }];
    }),
    tasks: byOrdinal(state.tasks.values()),
    task: (step.task_id !== null && state.tasks.get(step.task_id)) || null,
    artifacts: shown.map((artifact) => ({
      id: artifact.id,
      path: artifact.path,
      kind: artifact.kind,
      description: artifact.description,
      revision: artifact.revision,
      task_id: artifact.task_id,
      hash: artifact.hash,
      content: readable.has(artifact.id) ? (surroundings.contents.get(artifact.hash) ?? null) : null,
    })),
    criteria: constitution?.acceptance_criteria.flatMap(({ id }) => state.criteria.get(id) ?? []) ?? [],
    findings: byOrdinal(state.findings.values()),
    delivery: state.delivery,
    choices: {
      models: surroundings.models,
      default_model: surroundings.default_model,
      delivery_actions: settings.delivery ? [settings.delivery.action] : surroundings.delivery_actions,
      criteria: constitution?.acceptance_criteria.map((criterion) => criterion.id) ?? [],
      task_keys: byOrdinal(state.tasks.values()).map((task) => task.id),
      open_findings: openFindings(state).map((finding) => finding.id),
    },
  };
}
