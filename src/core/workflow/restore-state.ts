import { pathKey } from "../artifact-path.ts";
import { PersistentMap } from "../persistent-map.ts";
import { NO_BUDGET } from "../workflow-config.ts";
import type { PartKind, PartRow } from "./commit.ts";
import type { DeliveryState } from "./delivery-state.ts";
import { directoriesOf } from "./directories.ts";
import { FIRST_DELIVERY } from "./evolve-deliveries.ts";
import { NO_PROGRESS } from "./progress.ts";
import {
  type ApprovalState,
  type ArtifactState,
  byOrdinal,
  type CriterionState,
  type FindingState,
  type ImportState,
  type OpenStep,
  type ReceiptState,
  type SuggestionState,
  type TaskState,
  type WorkflowHead,
  type WorkflowSettings,
  type WorkflowState,
} from "./state.ts";
import { EVERY_ARTIFACT } from "./step-ids.ts";

/** The state from its stored rows; the same value that folding the journal gives. */
export function restoreState(head: WorkflowHead, parts: readonly PartRow[]): WorkflowState {
  const byKind = Map.groupBy(parts, (part) => part.kind);
  const one = (kind: PartKind): unknown => byKind.get(kind)?.[0]?.body;
  const map = <V>(kind: PartKind, first?: Partial<V>): PersistentMap<V> =>
    PersistentMap.of(
      (byKind.get(kind) ?? []).map(
        ({ key, body }) => [key, first ? completed(body as V, first) : (body as V)] as const,
      ),
    );
  const settings = one("settings");
  if (settings === undefined) throw new Error(`workflow ${head.id} is stored without its settings`);
  const tasks = map<TaskState>("task", TASK_FIRST);
  const artifacts = map<ArtifactState>("artifact", ARTIFACT_FIRST);
  const latest_artifacts = latestArtifacts(artifacts);
  return {
    head: liftHead(head),
    settings: completed(settings as WorkflowSettings, SETTINGS_FIRST),
    documents: map<unknown>("document"),
    summaries: map<string>("summary"),
    tasks,
    artifacts,
    findings: map<FindingState>("finding", FINDING_FIRST),
    criteria: map<CriterionState>("criterion", CRITERION_FIRST),
    suggestions: map<SuggestionState>("suggestion"),
    receipts: map<ReceiptState>("receipt"),
    waivers: map<string>("waiver"),
    approvals: map<ApprovalState>("approval"),
    imported: (one("import") as ImportState | undefined) ?? null,
    deliveries: deliveriesOf(byKind.get("delivery") ?? []),
    ready_tasks: byOrdinal(tasks.values())
      .filter((task) => task.status === "ready")
      .map((task) => task.id),
    latest_artifacts,
    directories: directoriesOf(latest_artifacts.values()),
  };
}

/** Fields keep their order, since packets are compared by their text. */
function completed<V>(stored: V, first: Partial<V>): V {
  const missing = Object.entries(first).filter(([name]) => !Object.hasOwn(Object(stored), name));
  return missing.length === 0 ? stored : { ...stored, ...Object.fromEntries(missing) };
}

/** What fields are that came after some workflow was stored: the same as `fold` gives for its events. */
const SETTINGS_FIRST: Partial<WorkflowSettings> = {
  budget: NO_BUDGET,
  delivery_choices: [],
  gates: [],
  workspace: null,
  tools: null,
  stall_patience: 2,
  approval_expires_s: null,
};
const HEAD_FIRST: Partial<WorkflowHead> = {
  in_doubt: [],
  worked_ms: 0,
  progress: NO_PROGRESS,
  verdict: null,
  later_plans: 0,
  later_endings: 0,
  later_deliveries: 0,
  approval: null,
};
const STEP_FIRST: Partial<OpenStep> = {
  failed_attempts: 0,
  spoiled_attempt: 0,
  call: null,
  outcome: null,
  base: EVERY_ARTIFACT,
};
const TASK_FIRST: Partial<TaskState> = { writes: [] };
const ARTIFACT_FIRST: Partial<ArtifactState> = { deleted: false };
const CRITERION_FIRST: Partial<CriterionState> = { citations: [], decided_by: "qa", receipt: null };
const FINDING_FIRST: Partial<FindingState> = {
  citations: [],
  evidence_class: "cited",
  fingerprint: "",
  receipt: null,
};

/** A head as it is today from one that an earlier version stored; fields that came later have their first value. */
export function liftHead(stored: WorkflowHead): WorkflowHead {
  const running_since = stored.status === "running" ? stored.started_at : null;
  return {
    ...completed(stored, { ...HEAD_FIRST, running_since, refined: stored.closed }),
    open_steps: stored.open_steps.map((step) => completed(step, STEP_FIRST)),
    spend: stored.spend.map((spend) =>
      Object.assign({ cost_usd: 0, unpriced_calls: spend.model_calls }, spend),
    ),
  };
}

/** The one delivery of earlier versions had no name. */
function deliveriesOf(parts: readonly PartRow[]): PersistentMap<DeliveryState> {
  const isKnownBetter = parts.some(({ key }) => key === FIRST_DELIVERY.id);
  const newest = parts.filter(({ key }) => key !== "" || !isKnownBetter);
  return PersistentMap.of(
    newest.map(({ key, body }) => {
      const stored = completed(body as DeliveryState, FIRST_DELIVERY);
      return [key === "" ? FIRST_DELIVERY.id : key, stored] as const;
    }),
  );
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
    receipts: sorted(state.receipts),
    waivers: sorted(state.waivers),
    approvals: sorted(state.approvals),
    imported: state.imported,
    deliveries: sorted(state.deliveries),
    ready_tasks: state.ready_tasks.toSorted(),
    latest_artifacts: sorted(state.latest_artifacts),
    directories: sorted(state.directories),
  };
}
