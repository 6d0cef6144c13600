import type { RoleOutputs } from "../../role-output.ts";
import type { StepResult } from "../commands.ts";
import { next } from "../next.ts";
import { documentOf, openFindings, type OpenStep, type WorkflowState } from "../state.ts";
import { running } from "./random-workflow.testsuite.ts";
import * as outputs from "./role-outputs.testsuite.ts";
import { resumeOf, type WorkflowDriver } from "./workflow-driver.testsuite.ts";

type Way = {
  /** What QA says in each pass; content with everything unless told otherwise. */
  readonly qa?: (state: WorkflowState) => RoleOutputs["qa"];
  readonly until?: "failed";
};

const PATIENCE = 500;

/** Everybody works well from here on, and a person resumes whatever stops, until the workflow is completed and closed. */
export function bringHome(driver: WorkflowDriver, way: Way = {}): void {
  for (let moves = 0; moves < PATIENCE; moves += 1) {
    const { head } = driver.state;
    if (head.status === way.until || (head.status === "completed" && head.closed)) return;
    if (head.waiting !== null || head.status === "failed") {
      goOn(driver);
      continue;
    }
    const [first] = running(driver.state);
    if (first) finish(driver, first, way);
    else {
      const [step] = next(driver.state);
      if (step) driver.start(step.id, `tree-of-${driver.state.artifacts.size}`);
    }
  }
  throw new Error(`not home after ${PATIENCE} moves: ${JSON.stringify(driver.state.head)}`);
}

/** What a patient person does: approves, installs what is missing, grants another repair. */
function goOn(driver: WorkflowDriver): void {
  const { head } = driver.state;
  if (head.status === "awaiting_approval" && head.approval !== null) {
    const words = { note: null, criteria: null, tasks: null };
    const approved = driver.give({ type: "approval.respond", id: head.approval, verb: "approve", ...words });
    if ("code" in approved)
      driver.must({ type: "approval.respond", id: head.approval, verb: "request_changes", ...words });
    return;
  }
  const ended = head.error?.code === "repair_exhausted" || head.error?.code === "stalled";
  driver.must(resumeOf(ended ? head.cycle + 1 : null));
}

function finish(driver: WorkflowDriver, step: OpenStep, way: Way): void {
  if (step.role === null) {
    driver.complete(step.id, engineResult(driver.state, step));
    return;
  }
  const output = wellDone(driver.state, step, way);
  driver.complete(step.id, { kind: "role", role: step.role, output });
}

/** Every check passes, and every stage that has failed. */
function engineResult(state: WorkflowState, step: OpenStep): StepResult {
  if (step.kind === "workspace") return { kind: "tree", tree: outputs.imported([]) };
  if (step.kind === "delivery") return { kind: "delivery", receipt: outputs.receipt };
  const criteria = documentOf(state, "constitution")?.acceptance_criteria ?? [];
  const failed = openFindings(state).filter(({ raised_by }) => raised_by === "engine");
  const receipts = [
    ...criteria.map(({ id }) => outputs.ran({ criterion: id })),
    ...failed.map(({ component }) => outputs.ran({ name: component })),
  ];
  return { kind: "validation", receipts };
}

function wellDone(state: WorkflowState, step: OpenStep, way: Way): Readonly<Record<string, unknown>> {
  switch (step.role) {
    case "director":
      return outputs.brief();
    case "project_manager":
      return outputs.contract();
    case "architect":
      return outputs.design(outputs.tasks({ [`last-${step.cycle}`]: [] }));
    case "implementer":
      return outputs.work([`done/${step.task_id}.js`]);
    case "qa":
      return (way.qa ?? contentJudgement)(state);
    case "finalizer":
      return outputs.finalization();
    case "refiner":
    case null:
      return outputs.assessment();
  }
}

/** Everything is met, and what a person asked for is shown to be done. */
function contentJudgement(state: WorkflowState): RoleOutputs["qa"] {
  const ids = documentOf(state, "constitution")?.acceptance_criteria.map((criterion) => criterion.id) ?? [];
  const asked = openFindings(state).filter(({ raised_by }) => raised_by === "person");
  const settled = asked.map(({ id, component, description }) =>
    outputs.finding({ id, component, description, severity: "info" }),
  );
  return outputs.judgement(Object.fromEntries(ids.map((id) => [id, "met" as const])), settled);
}
