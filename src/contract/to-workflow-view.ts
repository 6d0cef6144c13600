import { checkOf } from "../core/check.ts";
import { toDollars, toMicroDollars } from "../core/micro-dollars.ts";
import { ROLE_NAMES, type RoleName } from "../core/role-name.ts";
import { budgetUse } from "../core/workflow/budget.ts";
import {
  type ArtifactState,
  byOrdinal,
  documentOf,
  type FindingState,
  type OpenStep,
  type Spend,
  type SuggestionState,
  type TaskState,
  treeOf,
  type WorkflowHead,
  type WorkflowState,
} from "../core/workflow/state.ts";
import { openApproval } from "./approval-view.ts";
import { newestDeliveryView, toDeliveryViews } from "./delivery-view.ts";
import { toWorkflowSummary } from "./workflow-summary.ts";
import type { ArtifactView, FindingView, OpenStepView, WorkflowView } from "./workflow-view.ts";

/** The whole workflow as the API shows it; running time counts until `at`. */
export function toWorkflowView(state: WorkflowState, at: string = state.head.updated_at): WorkflowView {
  const { head, settings } = state;
  const brief = documentOf(state, "brief");
  return {
    ...toWorkflowSummary(head),
    request: settings.request,
    provider: settings.pinned.provider,
    model: settings.pinned.model,
    requested_delivery: settings.delivery,
    goals: brief?.goals ?? [],
    brief,
    constitution: documentOf(state, "constitution"),
    requirements: documentOf(state, "requirements"),
    plan: documentOf(state, "plan"),
    design: documentOf(state, "design"),
    finalization: documentOf(state, "finalization"),
    assessment: documentOf(state, "assessment"),
    summaries: summariesView(state),
    tasks: byOrdinal(state.tasks.values()).map(taskView),
    artifacts: treeOf(state).map((artifact) => toArtifactView(head.id, artifact)),
    findings: toFindingViews(state),
    criteria: criteriaView(state),
    suggestions: byOrdinal(state.suggestions.values()).map(suggestionView),
    delivery: newestDeliveryView(state),
    deliveries: toDeliveryViews(state),
    spend: spendView(head),
    budget: budgetView(state, at),
    execution: executionView(state),
    progress: progressView(state),
    gates: [...settings.gates],
    approval: openApproval(state),
    workspace: settings.workspace,
    imported: importedView(state),
    tools: settings.tools,
  };
}

/** The Implementer speaks once a task; its summary here is those of its tasks, in their order. */
function summariesView(state: WorkflowState): WorkflowView["summaries"] {
  const summaries: WorkflowView["summaries"] = Object.fromEntries(state.summaries.entries());
  const byTask = byOrdinal(state.tasks.values()).filter((task) => task.summary !== null);
  if (byTask.length > 0) {
    summaries["implementer"] = byTask.map((task) => `${task.id}: ${task.summary}`).join("\n");
  }
  return summaries;
}

export function toArtifactView(workflowId: string, artifact: ArtifactState): ArtifactView {
  const { ordinal: _ordinal, ...view } = artifact;
  return { ...view, content_url: `/api/v1/workflows/${workflowId}/artifacts/${artifact.id}` };
}

export function toFindingViews(state: WorkflowState): FindingView[] {
  return byOrdinal(state.findings.values()).map(findingView);
}

function findingView({ ordinal: _ordinal, ...finding }: FindingState): FindingView {
  return finding;
}

function suggestionView({
  ordinal: _ordinal,
  ...suggestion
}: SuggestionState): WorkflowView["suggestions"][number] {
  return suggestion;
}

function taskView(task: TaskState): WorkflowView["tasks"][number] {
  const { ordinal: _ordinal, dependents: _dependents, unmet: _unmet, ...view } = task;
  return {
    ...view,
    depends_on: [...view.depends_on],
    criteria: [...view.criteria],
    writes: [...view.writes],
  };
}

/** In the order of the contract; what was judged and is not in it any more comes last. */
function criteriaView(state: WorkflowState): WorkflowView["criteria"] {
  const asked = documentOf(state, "constitution")?.acceptance_criteria ?? [];
  const former = [...state.criteria.values()]
    .filter(({ id }) => !asked.some((criterion) => criterion.id === id))
    .toSorted((left, right) => left.id.localeCompare(right.id, "en", { numeric: true }));
  return [
    ...asked.map((criterion) => ({
      id: criterion.id,
      level: criterion.level,
      text: criterion.text,
      check: checkOf(criterion),
      ...judgementView(state, criterion.id),
    })),
    ...former.map(({ id }) => ({ id, level: null, text: "", check: null, ...judgementView(state, id) })),
  ];
}

function judgementView(
  { criteria, waivers }: WorkflowState,
  id: string,
): Omit<WorkflowView["criteria"][number], "id" | "level" | "text" | "check"> {
  const judged = criteria.get(id);
  const waived = waivers.get(id) ?? null;
  if (judged === undefined) {
    const nothing = { verdict: null, decided_by: null, receipt: null, cycle: null };
    return { ...nothing, evidence: "", citations: [], waived };
  }
  const { verdict, evidence, citations, decided_by, receipt, cycle } = judged;
  return { verdict, evidence, citations, decided_by, receipt, cycle, waived };
}

function progressView({ head, settings }: WorkflowState): WorkflowView["progress"] {
  const { best, stagnant } = head.progress;
  const { stall_patience } = settings;
  if (best === null) return { best, stagnant, stall_patience };
  const { cycle, tree_hash, open_musts, blocking } = best;
  const files_url = `/api/v1/workflows/${head.id}/files?tree=best`;
  return { best: { cycle, tree_hash, open_musts, blocking, files_url }, stagnant, stall_patience };
}

function importedView({ imported }: WorkflowState): WorkflowView["imported"] {
  return imported && { ...imported, skipped: [...imported.skipped] };
}

function spendView({ spend, open_steps, in_doubt }: WorkflowHead): WorkflowView["spend"] {
  const by_role = spend.toSorted(
    (left, right) => ROLE_NAMES.indexOf(left.role) - ROLE_NAMES.indexOf(right.role),
  );
  const pending = [...open_steps.flatMap(({ call }) => (call ? [call] : [])), ...in_doubt];
  const unknown = pending.some(({ reserved_cost_usd }) => reserved_cost_usd === null);
  return {
    ...spendFields(spend),
    by_role: by_role.map((part) => ({ role: part.role, ...spendFields([part]) })),
    pending: {
      model_calls: pending.length,
      tokens: sum(pending.map(({ reserved_tokens }) => reserved_tokens)),
      cost_usd: unknown ? null : money(pending.map(({ reserved_cost_usd }) => reserved_cost_usd ?? 0)),
    },
  };
}

function spendFields(parts: readonly Spend[]): Omit<WorkflowView["spend"], "by_role" | "pending"> {
  const calls_without_price = sum(parts.map((part) => part.unpriced_calls));
  const cost_usd_known = money(parts.map((part) => part.cost_usd));
  return {
    model_calls: sum(parts.map((part) => part.model_calls)),
    input_tokens: sum(parts.map((part) => part.input_tokens)),
    output_tokens: sum(parts.map((part) => part.output_tokens)),
    cost_usd: calls_without_price > 0 ? null : cost_usd_known,
    cost_usd_known,
    calls_without_price,
  };
}

function budgetView({ head, settings: { budget } }: WorkflowState, at: string): WorkflowView["budget"] {
  const used = budgetUse(head, at);
  const left = (most: number | null, of: number): number | null =>
    most === null ? null : Math.max(0, most - of);
  const { max_cost_usd, max_tokens, max_duration_s, max_model_calls } = budget;
  const cost = left(max_cost_usd, used.cost_usd);
  return {
    max_cost_usd,
    max_tokens,
    max_duration_s,
    max_model_calls,
    left: {
      cost_usd: cost === null ? null : money([cost]),
      tokens: left(max_tokens, used.tokens),
      duration_s: left(max_duration_s, used.duration_s),
      model_calls: left(max_model_calls, used.model_calls),
    },
  };
}

/** Sums of binary fractions, without what the fractions add. */
function money(amounts: readonly number[]): number {
  return toDollars(sum(amounts.map(toMicroDollars)));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function executionView({ head }: WorkflowState): WorkflowView["execution"] {
  const running = head.open_steps.filter((step) => step.status === "running");
  const queued = head.open_steps.filter((step) => step.status === "queued");
  return {
    cycle: head.cycle,
    max_qa_retries: head.max_qa_retries,
    current_role: currentRole(running.length > 0 ? running : head.open_steps),
    running_steps: running.map(openStepView),
    queued_steps: queued.map((step) => ({ ...openStepView(step), available_at: step.available_at })),
    active_tasks: running.flatMap((step) => (step.task_id === null ? [] : [step.task_id])),
    steps_completed: head.steps_completed,
  };
}

function openStepView({ id, kind, role, task_id, attempt }: OpenStep): OpenStepView {
  return { id, kind, role, task_id, attempt };
}

function currentRole(steps: readonly { readonly role: RoleName | null }[]): RoleName | null {
  return steps.find((step) => step.role !== null)?.role ?? null;
}
