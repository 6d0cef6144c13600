import type { RoleOutputs } from "../../role-output.ts";
import { next } from "../next.ts";
import { documentOf, type OpenStep, type WorkflowState } from "../state.ts";
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
      driver.must(resumeOf(head.error?.code === "repair_exhausted" ? head.cycle + 1 : null));
      continue;
    }
    const [first] = running(driver.state);
    if (first) finish(driver, first, way);
    else for (const step of next(driver.state)) driver.start(step.id);
  }
  throw new Error(`not home after ${PATIENCE} moves: ${JSON.stringify(driver.state.head)}`);
}

function finish(driver: WorkflowDriver, step: OpenStep, way: Way): void {
  if (step.role === null) {
    driver.complete(step.id, { kind: "delivery", receipt: outputs.receipt });
    return;
  }
  const output = wellDone(driver.state, step, way);
  driver.complete(step.id, { kind: "role", role: step.role, output });
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

function contentJudgement(state: WorkflowState): RoleOutputs["qa"] {
  const ids = documentOf(state, "constitution")?.acceptance_criteria.map((criterion) => criterion.id) ?? [];
  return outputs.judgement(Object.fromEntries(ids.map((id) => [id, "met" as const])));
}
