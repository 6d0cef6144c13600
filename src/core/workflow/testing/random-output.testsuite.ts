import type { AcceptanceCriterion, PlannedTask } from "../../documents.ts";
import type { RoleName } from "../../role-name.ts";
import {
  documentOf,
  openFindings,
  type OpenStep,
  plannedTasks as existingTasks,
  treeOf,
  type WorkflowState,
} from "../state.ts";
import type { Draft } from "./random-workflow.testsuite.ts";
import * as outputs from "./role-outputs.testsuite.ts";

/** Stands in every foreign field that is planted, so that a test can look for it in the state. */
export const FOREIGN_MARK = "written-by-a-stranger";

/** What nobody has seen in these workflows. */
export const BOAST = "Deployed to production.";

/** Who owns which top-level field of an output: the contract, said a second time and by hand. */
export const OWNER_OF_FIELD: Readonly<Record<string, RoleName>> = {
  goals: "director",
  constitution: "project_manager",
  plan: "project_manager",
  design: "architect",
  tasks: "architect",
  artifacts: "implementer",
  criteria: "qa",
  findings: "qa",
  delivery_notes: "finalizer",
  suggestions: "refiner",
};

/** A plausible output of the step's role, sound or with the faults that models make, made from a draft. */
export function outputFor(state: WorkflowState, step: OpenStep, draft: Draft): Record<string, unknown> {
  const planted = draft.foreign.filter((field) => OWNER_OF_FIELD[field] !== step.role);
  const foreign = Object.fromEntries(planted.map((field) => [field, FOREIGN_MARK]));
  return { ...ownOutput(state, step, draft), ...foreign };
}

function ownOutput(state: WorkflowState, step: OpenStep, draft: Draft): Record<string, unknown> {
  switch (step.role) {
    case "director":
      return outputs.brief({ title: draft.title, mode: draft.mode });
    case "project_manager":
      return outputs.contract(
        Object.fromEntries(draft.levels.map((level, index) => [`AC${index + 1}`, level])),
        Object.fromEntries(
          draft.checks.map((isRun, index) => [`AC${index + 1}`, isRun ? outputs.command() : outputs.rubric]),
        ),
      );
    case "architect":
      return outputs.design(plannedTasks(state, step, draft));
    case "implementer":
      return written(state, draft);
    case "qa":
      return judgement(state, draft);
    case "finalizer":
      return { ...outputs.finalization(), delivery_notes: draft.boasts ? BOAST : "Run node greet.js." };
    case "refiner":
      return outputs.assessment(draft.graph.map((number) => outputs.suggestion(`c${number}`)));
    case null:
      return {};
  }
}

/** What a person makes of the plan: other tasks, other criteria, or both. */
export function editedPlan(
  state: WorkflowState,
  step: Pick<OpenStep, "role" | "cycle">,
  draft: Draft,
): { criteria: AcceptanceCriterion[] | null; tasks: PlannedTask[] | null } {
  const { constitution } = outputs.contract({ AC1: "must", AC2: "should" });
  return {
    criteria: draft.silent && !draft.reversed ? constitution.acceptance_criteria : null,
    tasks: draft.reversed ? plannedTasks(state, step, draft, true) : null,
  };
}

function written(state: WorkflowState, draft: Draft): Record<string, unknown> {
  const chosen = paths(state, draft);
  const [oldest] = treeOf(state).filter(({ path }) => !chosen.includes(path));
  const deleted = draft.deletes && oldest ? [oldest.path] : [];
  const { summary, ...work } = outputs.work(chosen, `${draft.paths[0]?.content}`, deleted);
  return { ...work, summary: draft.boasts ? `${summary} ${BOAST}` : summary };
}

/** Bits of a number say on which earlier tasks of the graph, and on which of an earlier cycle, a task depends. */
function plannedTasks(
  state: WorkflowState,
  step: Pick<OpenStep, "role" | "cycle">,
  draft: Draft,
  isEdit = false,
): PlannedTask[] {
  const existing = isEdit ? [] : existingTasks(state).map((task) => task.id);
  const ids = criterionIds(state);
  const planned = draft.graph.map((bits, index): PlannedTask => {
    const earlier = draft.graph.slice(0, index).map((_, other) => `t${step.cycle}-${other}`);
    return {
      key: `t${step.cycle}-${index}`,
      title: `Task ${index}`,
      description: "",
      depends_on: [...earlier, ...existing.slice(-2)].filter((_, bit) => (bits >> bit) % 2 === 1),
      criteria: ids.filter((_, bit) => (bits >> bit) % 2 === 0),
      writes: WRITES[(draft.writes[index] ?? 0) % WRITES.length] ?? [],
    };
  });
  const [first, ...rest] = planned;
  if (!first) return planned;
  const last = planned.at(-1)?.key ?? "";
  const faulty: Record<NonNullable<Draft["graph_fault"]>, PlannedTask[]> = {
    circle: [{ ...first, depends_on: [last] }, ...rest.map((task) => ({ ...task, depends_on: [first.key] }))],
    unknown: [{ ...first, depends_on: ["nobody"] }, ...rest],
    twice: [...planned, first],
    existing: existing[0] === undefined ? planned : [{ ...first, key: existing[0] }],
    key: [{ ...first, key: "Not A Key" }],
    criterion: [{ ...first, criteria: ["AC99"] }],
  };
  const chosen = draft.graph_fault === null ? planned : faulty[draft.graph_fault];
  return draft.reversed ? chosen.toReversed() : chosen;
}

const WRITES: readonly string[][] = [[], [], ["src/part-1.js"], ["src/part-1.js", "docs/"], ["src/"]];

function paths(state: WorkflowState, draft: Draft): string[] {
  const chosen = draft.paths.map(({ place }) => `src/part-${place % 12}.js`);
  const [first = "a.js"] = chosen;
  const [known] = state.latest_artifacts.values();
  switch (draft.path_fault) {
    case "parent":
      return [`../${first}`];
    case "absolute":
      return [`/etc/${first}`];
    case "case twin":
      return known ? [known.path.toUpperCase()] : [first, first.toUpperCase()];
    case "twice":
      return [first, first];
    case "file as directory":
      return known ? [`${known.path}/inner.js`] : ["src", first];
    case null:
      return [...new Set(chosen)];
  }
}

function judgement(state: WorkflowState, draft: Draft): Record<string, unknown> {
  const ids = criterionIds(state);
  const open = openFindings(state).map((finding) => finding.id);
  const findingIds = [null, ...open, "f1", "f99"];
  const criteria = [null, ...ids, "AC99"];
  return outputs.judgement(
    Object.fromEntries(
      ids.slice(draft.silent ? 1 : 0).map((id, index) => [id, draft.verdicts[index] ?? ("met" as const)]),
    ),
    draft.findings.map(({ severity, id, criterion }) =>
      outputs.finding({
        severity,
        id: findingIds[id % findingIds.length] ?? null,
        criterion: criteria[criterion % criteria.length] ?? null,
      }),
    ),
  );
}

export function criterionIds(state: WorkflowState): string[] {
  return documentOf(state, "constitution")?.acceptance_criteria.map((criterion) => criterion.id) ?? [];
}
