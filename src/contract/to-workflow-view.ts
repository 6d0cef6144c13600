import { ROLE_NAMES, type RoleName } from "../core/role-name.ts";
import {
  type ArtifactState,
  byOrdinal,
  documentOf,
  type FindingState,
  type OpenStep,
  type SuggestionState,
  type TaskState,
  type WorkflowHead,
  type WorkflowState,
} from "../core/workflow/state.ts";
import { toWorkflowSummary } from "./workflow-summary.ts";
import type { ArtifactView, FindingView, OpenStepView, WorkflowView } from "./workflow-view.ts";

/** The whole workflow as the API shows it. */
export function toWorkflowView(state: WorkflowState): WorkflowView {
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
    artifacts: byOrdinal(state.latest_artifacts.values()).map((artifact) =>
      toArtifactView(head.id, artifact),
    ),
    findings: toFindingViews(state),
    criteria: [...state.criteria.values()]
      .map(({ id, verdict, evidence, cycle }) => ({ id, verdict, evidence, cycle }))
      .toSorted((left, right) => left.id.localeCompare(right.id, "en", { numeric: true })),
    suggestions: byOrdinal(state.suggestions.values()).map(suggestionView),
    delivery: deliveryView(state),
    spend: spendView(head),
    execution: executionView(state),
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
  const { id, path, revision, kind, description, hash, size, task_id, cycle, created_at } = artifact;
  const content_url = `/api/v1/workflows/${workflowId}/artifacts/${id}`;
  return { id, path, revision, kind, description, hash, size, task_id, cycle, created_at, content_url };
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
  return { ...view, depends_on: [...view.depends_on], criteria: [...view.criteria] };
}

function deliveryView({ delivery }: WorkflowState): WorkflowView["delivery"] {
  return delivery && { ...delivery, links: [...delivery.links], metadata: [...delivery.metadata] };
}

function spendView({ spend }: WorkflowHead): WorkflowView["spend"] {
  const by_role = spend.toSorted(
    (left, right) => ROLE_NAMES.indexOf(left.role) - ROLE_NAMES.indexOf(right.role),
  );
  const total = { model_calls: 0, input_tokens: 0, output_tokens: 0 };
  for (const part of spend) {
    total.model_calls += part.model_calls;
    total.input_tokens += part.input_tokens;
    total.output_tokens += part.output_tokens;
  }
  return { ...total, by_role };
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
