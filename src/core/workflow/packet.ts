import { pathKey } from "../artifact-path.ts";
import type { Constitution, Design, Finalization, Plan, Requirements } from "../documents.ts";
import { type Mode, ROLE_NAMES, type RoleName } from "../role-name.ts";
import type { DeliveryState } from "./delivery-state.ts";
import {
  type ArtifactState,
  byOrdinal,
  documentOf,
  type CriterionState,
  type FindingState,
  type ImportState,
  newestDelivery,
  openFindings,
  type OpenStep,
  plannedTasks,
  type ReceiptState,
  type StepSpec,
  type TaskState,
  treeAt,
  treeOf,
  type WorkflowState,
} from "./state.ts";
import { covers } from "./write-set.ts";

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
  /** What the engine ran on the tree, in the cycle in which it last did. */
  readonly receipts: readonly ReceiptState[];
  /** Every path of the tree as this step may know it. */
  readonly tree: readonly string[];
  /** The repository that the workflow began with; null when it began with nothing. */
  readonly imported: ImportState | null;
  /** What people said at gates, in order. */
  readonly notes: readonly { readonly gate: string; readonly verb: string; readonly note: string }[];
  /** Criteria that a person does without, and why. */
  readonly waivers: readonly { readonly id: string; readonly reason: string }[];
  /** What has changed since the open findings were raised, as a unified diff; null where that means nothing. */
  readonly diff: string | null;
  readonly delivery: ShownDelivery | null;
  readonly choices: {
    readonly models: readonly string[];
    readonly default_model: string;
    readonly delivery_actions: readonly string[];
    readonly criteria: readonly string[];
    readonly task_keys: readonly string[];
    readonly open_findings: readonly string[];
  };
};

type ShownDelivery = Pick<DeliveryState, "status" | "action" | "links" | "metadata" | "message">;

export type PacketSurroundings = {
  readonly models: readonly string[];
  readonly default_model: string;
  /** Contents by hash, for the artifacts that `neededContents` named. */
  readonly contents: ReadonlyMap<string, string>;
  readonly diff?: string | null;
};

/** The step of a packet; what it may build on counts for tasks alone. */
export type PacketStep = StepSpec & Partial<Pick<OpenStep, "base" | "last_failure">>;

/** More characters than this of an imported tree are looked up with tools, not shown. */
const MOST_SHOWN_BYTES = 200_000;
/** What a repository tells those who work in it. */
const GUIDES = /^(AGENTS\.md|CLAUDE\.md|CONTRIBUTING\.md|README(\.(md|txt|rst))?)$/i;

/** The artifacts whose content the step's role reads: QA what was made, the Implementer what its task builds on. */
export function neededContents(state: WorkflowState, step: PacketStep): ArtifactState[] {
  switch (step.role) {
    case "qa":
      return withGuides(state, treeOf(state), made(treeOf(state)));
    case "implementer": {
      const tree = treeAt(state, step.base ?? state.artifacts.size);
      return withGuides(state, tree, foundation(state, step, tree));
    }
    case "architect":
      return withGuides(state, treeOf(state), step.cycle > 0 ? made(treeOf(state)) : []);
    case "director":
    case "project_manager":
      return withGuides(state, treeOf(state), []);
    case "finalizer":
    case "refiner":
    case null:
      return [];
  }
}

/** What the workflow has written, not what it began with. */
function made(tree: readonly ArtifactState[]): ArtifactState[] {
  return tree.filter((artifact) => artifact.task_id !== "");
}

function withGuides(
  state: WorkflowState,
  tree: readonly ArtifactState[],
  needed: readonly ArtifactState[],
): ArtifactState[] {
  if (state.imported === null) return [...needed];
  const guides = tree.filter(({ path, task_id }) => task_id === "" && GUIDES.test(path));
  return withinLimit([...guides, ...needed.filter((artifact) => !guides.includes(artifact))]);
}

function withinLimit(artifacts: readonly ArtifactState[]): ArtifactState[] {
  let left = MOST_SHOWN_BYTES;
  return artifacts.filter(({ size }) => {
    const isShown = size <= left;
    if (isShown) left -= size;
    return isShown;
  });
}

/**
 * What a task builds on: what it may write, what the tasks that it depends on wrote and, in a repair, what its findings
 * are about. What is written after it has begun stays out, so that a second attempt is given the same as the first.
 */
function foundation(
  state: WorkflowState,
  step: PacketStep,
  tree: readonly ArtifactState[],
): readonly ArtifactState[] {
  const task = step.task_id === null ? undefined : state.tasks.get(step.task_id);
  const { depends_on = [], writes = [] } = task ?? {};
  // What others have written meanwhile is what it must not lose: the newest comes first.
  if (step.last_failure === "conflicting_output")
    return withinLimit(tree.toSorted((left, right) => right.ordinal - left.ordinal));
  const about = findingsFor(state, task).flatMap((finding) => [
    finding.component,
    ...finding.citations.map(({ path }) => path),
  ]);
  const given = pathsOf(state, depends_on);
  return tree.filter(
    ({ path, task_id }) =>
      given.has(pathKey(path)) ||
      covers(writes, path) ||
      (step.cycle > 0 && task_id !== "" && (writes.length === 0 || about.includes(path))),
  );
}

/** What these tasks have written, whoever has rewritten it since. */
function pathsOf(state: WorkflowState, tasks: readonly string[]): ReadonlySet<string> {
  if (tasks.length === 0) return new Set();
  const written = [...state.artifacts.values()].filter(({ task_id }) => tasks.includes(task_id));
  return new Set(written.map(({ path }) => pathKey(path)));
}

/** The open findings that a task is to settle; all of them when it names none. */
function findingsFor(state: WorkflowState, task: TaskState | undefined): FindingState[] {
  const open = openFindings(state).filter(isForModels);
  if (!task || task.cycle === 0) return open;
  const isOwn = ({ criterion, component }: FindingState): boolean =>
    (criterion !== null && task.criteria.includes(criterion)) || covers(task.writes, component);
  // What does not build or pass may be anybody's.
  return open.some(isOwn) ? open.filter((one) => isOwn(one) || one.raised_by === "engine") : open;
}

/** What is missing around the work is for people to mend. */
function isForModels({ raised_by, severity }: FindingState): boolean {
  return raised_by !== "engine" || severity !== "info";
}

export function buildPacket(
  state: WorkflowState,
  step: PacketStep & { readonly role: RoleName },
  surroundings: PacketSurroundings,
): HandoffPacket {
  const { head, settings } = state;
  const constitution = documentOf(state, "constitution");
  const tree = step.role === "implementer" ? treeAt(state, step.base ?? state.artifacts.size) : treeOf(state);
  const task = (step.task_id !== null && state.tasks.get(step.task_id)) || null;
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
    tasks: plannedTasks(state),
    task,
    artifacts: shownArtifacts(state, step, { tree, contents: surroundings.contents }),
    criteria: constitution?.acceptance_criteria.flatMap(({ id }) => state.criteria.get(id) ?? []) ?? [],
    findings: shownFindings(state, step, task),
    receipts: newestReceipts(state),
    tree: tree.map(({ path }) => path).toSorted(),
    imported: state.imported,
    notes: notesOf(state),
    waivers: [...state.waivers.entries()]
      .map(([id, reason]) => ({ id, reason }))
      .toSorted((left, right) => (left.id < right.id ? -1 : 1)),
    diff: surroundings.diff ?? null,
    delivery: shownDelivery(state),
    choices: {
      models: surroundings.models,
      default_model: surroundings.default_model,
      delivery_actions: settings.delivery ? [settings.delivery.action] : settings.delivery_choices,
      criteria: constitution?.acceptance_criteria.map((criterion) => criterion.id) ?? [],
      task_keys: plannedTasks(state).map(({ id }) => id),
      open_findings: openFindings(state)
        .filter(isForModels)
        .map((finding) => finding.id),
    },
  };
}

function shownDelivery(state: WorkflowState): ShownDelivery | null {
  const delivery = newestDelivery(state);
  if (delivery === null) return null;
  const { status, action, links, metadata, message } = delivery;
  return { status, action, links, metadata, message };
}

/** An imported tree is not shown whole: it is looked up with tools. */
function shownArtifacts(
  state: WorkflowState,
  step: PacketStep,
  { tree, contents }: { readonly tree: readonly ArtifactState[] } & Pick<PacketSurroundings, "contents">,
): PacketArtifact[] {
  const needed = neededContents(state, step);
  const readable = new Set(needed.map((artifact) => artifact.id));
  const shown = shownPart(state, step, { tree, needed });
  return shown.map(({ id, path, kind, description, revision, task_id, hash }) => {
    const content = readable.has(id) ? (contents.get(hash) ?? null) : null;
    return { id, path, kind, description, revision, task_id, hash, content };
  });
}

function shownPart(
  { imported }: WorkflowState,
  { role }: PacketStep,
  { tree, needed }: Readonly<Record<"tree" | "needed", readonly ArtifactState[]>>,
): readonly ArtifactState[] {
  if (role === "implementer") return needed;
  if (imported === null) return tree;
  // The Finalizer tells what was changed, without reading it.
  return role === "finalizer" ? made(tree) : needed;
}

function shownFindings(state: WorkflowState, step: PacketStep, task: TaskState | null): FindingState[] {
  if (step.role === "implementer") return findingsFor(state, task ?? undefined);
  const all = byOrdinal(state.findings.values());
  return step.role === "finalizer" || step.role === "refiner" ? all : all.filter(isForModels);
}

/** Those of the last validation: a repair is planned from what failed in the cycle before. */
function newestReceipts(state: WorkflowState): ReceiptState[] {
  const all = byOrdinal(state.receipts.values());
  const newest = all.at(-1)?.cycle;
  return all.filter(({ cycle }) => cycle === newest);
}

function notesOf(state: WorkflowState): HandoffPacket["notes"] {
  return byOrdinal(state.approvals.values()).flatMap(({ gate, answer }) =>
    answer?.note == null ? [] : [{ gate, verb: answer.verb, note: answer.note }],
  );
}
