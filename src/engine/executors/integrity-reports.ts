import { testProblems } from "../../core/test-integrity.ts";
import { treeAt, treeOf, type WorkflowState } from "../../core/workflow/state.ts";
import { contentsOf } from "../contents-of.ts";
import type { Report, Validation } from "./run-stages.ts";

const NAME = "tests: integrity";

/**
 * Holds the tests to what they were in every tree before this one: what was taken away once is missed for as long as it is
 * missing.
 */
export async function integrityReports(
  { context, files }: Validation,
  state: WorkflowState,
): Promise<readonly Report[]> {
  const untouched = new Set(treeOf(state).flatMap(({ path, task_id }) => (task_id === "" ? path : [])));
  const problems = new Set<string>(testProblems(files, null, untouched));
  for (const end of earlierEnds(state, context.step.cycle)) {
    const before = await contentsOf(context.storage, treeAt(state, end));
    for (const problem of testProblems(files, before, untouched)) problems.add(problem);
  }
  if (problems.size > 0) {
    const message = `${[...problems].join("; ")}.`;
    return [{ name: NAME, stage: "lint", status: "failed", message }];
  }
  return state.receipts.size > 0 && hasFailedBefore(state)
    ? [{ name: NAME, stage: "lint", status: "passed", message: null }]
    : [];
}

/** Only what was found wanting needs to be shown to be mended. */
function hasFailedBefore(state: WorkflowState): boolean {
  return [...state.receipts.values()].some(({ name, status }) => name === NAME && status === "failed");
}

/** The trees that were judged before, and the one that the workflow began with, each as its number of artifacts. */
function earlierEnds(state: WorkflowState, cycle: number): readonly number[] {
  const ends = new Map<number, number>();
  for (const { ordinal, task_id, cycle: made } of state.artifacts.values()) {
    const when = task_id === "" ? -1 : made;
    if (when < cycle) ends.set(when, Math.max(ordinal, ends.get(when) ?? 0));
  }
  return [...ends.values()];
}
