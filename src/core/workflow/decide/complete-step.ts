import { pathKey } from "../../artifact-path.ts";
import { accept, type Decided, reject } from "../../domain-error.ts";
import { reviewOutput } from "../../role-contract.ts";
import type { RoleName } from "../../role-name.ts";
import type { RoleOutputs } from "../../role-output.ts";
import type { CompleteStep, StepResult } from "../commands.ts";
import { type NewEvent, newEvent } from "../events.ts";
import { isTerminal, type OpenStep, type WorkflowState } from "../state.ts";
import { gateAfter } from "./approvals.ts";
import { createdTasks } from "./created-tasks.ts";
import { closingAfterDelivery, closingAfterRefiner } from "./deliveries.ts";
import { mayChoose } from "./delivery-choice.ts";
import { judgeWork } from "./judge-work.ts";
import { overtakenPaths } from "./overtaken.ts";
import { ownedStep } from "./run-step.ts";
import { withoutUnsupported } from "./supported-words.ts";
import { completeValidation } from "./validation.ts";

export function completeStep(state: WorkflowState, command: CompleteStep): Decided<readonly NewEvent[]> {
  const owned = ownedStep(state, command);
  if (!owned.ok) return owned;
  const step = owned.value;
  const { result } = command;
  if (result.kind !== "role") {
    if (step.kind !== KIND_OF_RESULT[result.kind])
      return reject(
        "invalid_output",
        `Step ${step.id} is no ${KIND_OF_RESULT[result.kind]}; this can't complete it.`,
      );
    return accept(completeEngineStep(state, step, result));
  }
  if (result.role !== step.role) {
    return reject(
      "invalid_output",
      `Step ${step.id} belongs to ${step.role ?? "no role"}, not to ${result.role}.`,
    );
  }
  return completeRole(state, step, result);
}

const KIND_OF_RESULT = { delivery: "delivery", tree: "workspace", validation: "validation" } as const;

function completeEngineStep(
  state: WorkflowState,
  step: OpenStep,
  result: Exclude<StepResult, { kind: "role" }>,
): NewEvent[] {
  switch (result.kind) {
    case "delivery":
      return completeDelivery(state, step, result);
    case "validation":
      return completeValidation(state, step, result.receipts);
    case "tree":
      return [
        newEvent("tree.imported", result.tree, placeOf(step)),
        newEvent("step.completed", { attempt: step.attempt }, placeOf(step)),
      ];
  }
}

type RoleResult = Extract<StepResult, { kind: "role" }>;
type Said<R extends RoleName> = (
  state: WorkflowState,
  step: OpenStep,
  output: RoleOutputs[R],
  result: RoleResult,
) => NewEvent[];

/** What each role's output becomes: the only place where a role's words turn into events. */
const EVENTS_OF: { readonly [R in RoleName]: Said<R> } = {
  director: (state, step, output) => [
    written("brief", withGiven(state, output), step),
    ...unknownDelivery(state, step, output),
  ],
  project_manager: (_state, step, { constitution, requirements, plan }) => [
    written("constitution", constitution, step),
    written("requirements", requirements, step),
    written("plan", plan, step),
  ],
  architect: (state, step, { design, tasks }) => [
    written("design", design, step),
    ...createdTasks(state, tasks, placeOf(step)),
  ],
  implementer: producedArtifacts,
  qa: (state, step, output, { resolved = [] }) => judgeWork(state, step, { output, resolved }),
  finalizer: (_state, step, output) => [written("finalization", output, step)],
  refiner: suggestedImprovements,
};

function completeRole(
  state: WorkflowState,
  step: OpenStep,
  result: RoleResult,
): Decided<readonly NewEvent[]> {
  const { role } = result;
  const review = reviewOutput(state, role, result.output);
  if (review.value === null) {
    return reject("invalid_output", `The output of ${role} breaks its contract.`, review.faults);
  }
  const { value } = review;
  const overtaken = "artifacts" in value ? overtakenPaths(state, step, value) : [];
  if (overtaken.length > 0)
    return reject("invalid_output", `Meanwhile another task wrote ${overtaken.join(", ")}.`);
  const { attempt, cycle } = step;
  const place = placeOf(step);
  const events: NewEvent[] = [];
  if (review.foreign.length > 0) {
    const problem = `${role} may not write ${review.foreign.join(", ")}; dropped`;
    events.push(newEvent("contract.violated", { role, fields: [...review.foreign], problem }, place));
  }
  const { output, claims } = withoutUnsupported(state, step, { ...result, output: value });
  for (const { claim, sentence } of claims) {
    events.push(newEvent("claim.unsupported", { role, claim, sentence }, place));
  }
  const said = EVENTS_OF[role](state, step, output as never, result);
  const summary = summaryOf(output);
  events.push(...said.filter((event) => !isConsequence(event)));
  events.push(newEvent("role.completed", { attempt, cycle, summary }, place));
  const task = step.task_id === null ? undefined : state.tasks.get(step.task_id);
  if (task) events.push(newEvent("task.completed", { title: task.title, summary }, place));
  events.push(newEvent("step.completed", { attempt }, place));
  events.push(...said.filter(isConsequence), ...gateAfter(state, step));
  return accept(events);
}

/** Consequences come after the step that caused them is finished. */
function isConsequence(event: NewEvent): boolean {
  return (
    event.type === "repair.started" || event.type === "state.transition" || event.type === "workflow.closed"
  );
}

function completeDelivery(
  state: WorkflowState,
  step: OpenStep,
  { receipt }: Extract<StepResult, { kind: "delivery" }>,
): NewEvent[] {
  const { status } = state.head;
  const { action, links, metadata, documents = [] } = receipt;
  const place = placeOf(step);
  const delivered = { action, links: [...links], metadata: [...metadata], documents: [...documents] };
  return [
    newEvent("delivery.completed", delivered, place),
    newEvent("step.completed", { attempt: step.attempt }, place),
    ...(isTerminal(status)
      ? closingAfterDelivery(state)
      : [newEvent("state.transition", { from: status, to: "completed", reason: null, message: null })]),
  ];
}

/** What the Director can't choose gives way to the usual, and the journal says so. */
function unknownDelivery(
  state: WorkflowState,
  step: OpenStep,
  { finalizer_action: action }: RoleOutputs["director"],
): NewEvent[] {
  if (state.settings.delivery !== null || action === "" || mayChoose(state, action)) return [];
  const problem = `the Director can't choose the delivery action ${action}; the usual one is taken`;
  return [
    newEvent("contract.violated", { role: "director", fields: ["finalizer_action"], problem }, placeOf(step)),
  ];
}

function withGiven(state: WorkflowState, output: RoleOutputs["director"]): RoleOutputs["director"] {
  const { given_mode, given_title } = state.settings;
  return { ...output, mode: given_mode ?? output.mode, title: given_title ?? output.title };
}

function producedArtifacts(
  state: WorkflowState,
  step: OpenStep,
  { artifacts, deleted }: RoleOutputs["implementer"],
): NewEvent[] {
  const place = placeOf(step);
  const { cycle } = step;
  const numbered = (path: string, index: number) => {
    const ordinal = state.artifacts.size + index + 1;
    const revision = (state.latest_artifacts.get(pathKey(path))?.revision ?? 0) + 1;
    return { path, id: `a${ordinal}`, ordinal, revision, cycle };
  };
  return [
    ...artifacts.map((artifact, index) =>
      newEvent("artifact.produced", { ...artifact, ...numbered(artifact.path, index) }, place),
    ),
    ...deleted.map((path, index) => {
      const known = state.latest_artifacts.get(pathKey(path))?.path ?? path;
      return newEvent("artifact.deleted", numbered(known, artifacts.length + index), place);
    }),
  ];
}

function suggestedImprovements(
  state: WorkflowState,
  step: OpenStep,
  output: RoleOutputs["refiner"],
): NewEvent[] {
  const { health_score, overall_assessment } = output;
  return [
    written("assessment", { health_score, overall_assessment }, step),
    ...output.suggestions.map((suggestion, index) => {
      const ordinal = state.suggestions.size + index + 1;
      return newEvent("refiner.suggestion", { ...suggestion, id: `s${ordinal}`, ordinal }, placeOf(step));
    }),
    ...closingAfterRefiner(state),
  ];
}

function summaryOf(output: RoleOutputs[RoleName]): string {
  return "overall_assessment" in output ? output.overall_assessment : output.summary;
}

function written(
  kind: Extract<NewEvent, { type: "document.written" }>["payload"]["kind"],
  document: unknown,
  step: OpenStep,
): NewEvent {
  return newEvent("document.written", { kind, document: document as never }, placeOf(step));
}

function placeOf(step: OpenStep): { role: OpenStep["role"]; step_id: string; task_id: string | null } {
  return { role: step.role, step_id: step.id, task_id: step.task_id };
}
