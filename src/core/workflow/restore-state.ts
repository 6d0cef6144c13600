import { pathKey } from "../artifact-path.ts";
import { PersistentMap } from "../persistent-map.ts";
import { NO_BUDGET } from "../workflow-config.ts";
import type { PartKind, PartRow } from "./commit.ts";
import { type Directories, withPath } from "./directories.ts";
import {
  type ArtifactState,
  byOrdinal,
  type CriterionState,
  type DeliveryState,
  type FindingState,
  type OpenStep,
  type SuggestionState,
  type TaskState,
  type WorkflowHead,
  type WorkflowSettings,
  type WorkflowState,
} from "./state.ts";

/** The state from its stored rows; the same value that folding the journal gives. */
export function restoreState(head: WorkflowHead, parts: readonly PartRow[]): WorkflowState {
  const byKind = Map.groupBy(parts, (part) => part.kind);
  const one = (kind: PartKind): unknown => byKind.get(kind)?.[0]?.body;
  const map = <V>(kind: PartKind): PersistentMap<V> =>
    PersistentMap.of((byKind.get(kind) ?? []).map((part) => [part.key, part.body as V] as const));
  const settings = one("settings");
  if (settings === undefined) throw new Error(`workflow ${head.id} is stored without its settings`);
  const tasks = map<TaskState>("task");
  const artifacts = map<ArtifactState>("artifact");
  return {
    head: liftHead(head),
    settings: { ...SETTINGS_SINCE_BUDGETS, ...(settings as WorkflowSettings) },
    documents: map<unknown>("document"),
    summaries: map<string>("summary"),
    tasks,
    artifacts,
    findings: map<FindingState>("finding"),
    criteria: map<CriterionState>("criterion"),
    suggestions: map<SuggestionState>("suggestion"),
    delivery: (one("delivery") as DeliveryState | undefined) ?? null,
    ready_tasks: byOrdinal(tasks.values())
      .filter((task) => task.status === "ready")
      .map((task) => task.id),
    latest_artifacts: latestArtifacts(artifacts),
    directories: byOrdinal(artifacts.values()).reduce<Directories>(
      (directories, artifact) => withPath(directories, artifact.path),
      PersistentMap.empty(),
    ),
  };
}

const SETTINGS_SINCE_BUDGETS: Partial<WorkflowSettings> = { budget: NO_BUDGET };
const HEAD_SINCE_BUDGETS: Partial<WorkflowHead> = { in_doubt: [], worked_ms: 0 };
const STEP_SINCE_BUDGETS: Partial<OpenStep> = {
  failed_attempts: 0,
  spoiled_attempt: 0,
  call: null,
  outcome: null,
};

/** A head as it is today from one that an earlier version stored; fields that came later have their first value. */
export function liftHead(stored: WorkflowHead): WorkflowHead {
  const running_since = stored.status === "running" ? stored.started_at : null;
  return {
    ...HEAD_SINCE_BUDGETS,
    ...Object.assign({ running_since }, stored),
    open_steps: stored.open_steps.map((step) => ({ ...STEP_SINCE_BUDGETS, ...step })),
    spend: stored.spend.map((spend) =>
      Object.assign({ cost_usd: 0, unpriced_calls: spend.model_calls }, spend),
    ),
  };
}

function latestArtifacts(artifacts: PersistentMap<ArtifactState>): PersistentMap<ArtifactState> {
  return PersistentMap.of(
    new Map(byOrdinal(artifacts.values()).map((artifact) => [pathKey(artifact.path), artifact])),
  );
}

/**
 * A plain value for comparing states: maps as sorted entries. The order of `ready_tasks` is not part of a state's
 * identity, since both ways of building it may be read in either order.
 */
export function comparable(state: WorkflowState): unknown {
  const sorted = <V>(map: PersistentMap<V>): [string, V][] =>
    [...map.entries()]
      .map(([key, value]): [string, V] => [key, value])
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    head: state.head,
    settings: state.settings,
    documents: sorted(state.documents),
    summaries: sorted(state.summaries),
    tasks: sorted(state.tasks),
    artifacts: sorted(state.artifacts),
    findings: sorted(state.findings),
    criteria: sorted(state.criteria),
    suggestions: sorted(state.suggestions),
    delivery: state.delivery,
    ready_tasks: state.ready_tasks.toSorted(),
    latest_artifacts: sorted(state.latest_artifacts),
    directories: sorted(state.directories),
  };
}
