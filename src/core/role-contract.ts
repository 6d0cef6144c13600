import { pathKey, refusalOfPath } from "./artifact-path.ts";
import { TASK_KEY } from "./documents.ts";
import { ROLE_NAMES, type RoleName } from "./role-name.ts";
import { ROLE_OUTPUTS, type RoleOutputs, STORED_OUTPUTS } from "./role-output.ts";
import { directoriesAbove } from "./workflow/directories.ts";
import { documentOf, type WorkflowState } from "./workflow/state.ts";
import { graphProblems } from "./workflow/task-graph.ts";

/** Fields that several roles may write in their own name. */
const SHARED_FIELDS: ReadonlySet<string> = new Set(["summary"]);

const OWN_FIELDS: ReadonlyMap<RoleName, ReadonlySet<string>> = new Map(
  ROLE_NAMES.map((role) => [role, new Set(Object.keys(ROLE_OUTPUTS[role].shape))]),
);

/** Top-level fields of an output that belong to another role. */
export function foreignFields(role: RoleName, output: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(output).filter(
    (field) =>
      !owns(role, field) && !SHARED_FIELDS.has(field) && ROLE_NAMES.some((other) => owns(other, field)),
  );
}

function owns(role: RoleName, field: string): boolean {
  return OWN_FIELDS.get(role)?.has(field) ?? false;
}

export type OutputReview<R extends RoleName = RoleName> = {
  /** The output with nothing but the role's own fields; null when it cannot be used. */
  readonly value: RoleOutputs[R] | null;
  /** What makes the output unusable. */
  readonly faults: readonly string[];
  /** What is worth asking again for, yet can be lived with. */
  readonly omissions: readonly string[];
  readonly foreign: readonly string[];
};

/**
 * Judges a role's output against its schema and its contract in the given state. The Implementer's artifacts may
 * carry contents or references: only their paths are judged here.
 */
export function reviewOutput<R extends RoleName>(
  state: WorkflowState,
  role: R,
  output: Readonly<Record<string, unknown>>,
): OutputReview<R> {
  const foreign = foreignFields(role, output);
  const parsed = STORED_OUTPUTS[role].safeParse(output);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(
      (issue) => `${issue.path.join(".") || "(root)"}: ${issue.message}`,
    );
    return { value: null, faults, omissions: [], foreign };
  }
  const value = parsed.data as RoleOutputs[R];
  const faults = FAULTS[role](state, value as never);
  return {
    value: faults.length === 0 ? value : null,
    faults,
    omissions: OMISSIONS[role]?.(state, value as never) ?? [],
    foreign,
  };
}

type Check<R extends RoleName> = (state: WorkflowState, output: RoleOutputs[R]) => string[];

const FAULTS: { readonly [R in RoleName]: Check<R> } = {
  director: () => [],
  project_manager: (_state, output) => contractFaults(output),
  architect: taskFaults,
  implementer: artifactFaults,
  qa: () => [],
  finalizer: () => [],
  refiner: () => [],
};

const OMISSIONS: { readonly [R in RoleName]?: Check<R> } = { qa: verdictOmissions };

function contractFaults(output: RoleOutputs["project_manager"]): string[] {
  const ids = output.constitution.acceptance_criteria.map((criterion) => criterion.id);
  const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
  const milestones = output.plan.milestones.map(({ id, depends_on }) => ({ key: id, depends_on }));
  return [
    ...twice.map((id) => `acceptance criterion ${id} appears twice; every id is unique`),
    ...graphProblems("milestone", milestones, new Set()),
  ];
}

function taskFaults(state: WorkflowState, output: RoleOutputs["architect"]): string[] {
  const criteria = criterionIds(state);
  const existing = new Set([...state.tasks.values()].map((task) => task.id));
  const faults = graphProblems("task", output.tasks, existing);
  for (const task of output.tasks) {
    if (!TASK_KEY.test(task.key)) {
      faults.push(`task key ${task.key} is not 1 to 40 lower-case letters, digits and hyphens`);
    }
    for (const id of task.criteria) {
      if (!criteria.has(id)) faults.push(`task ${task.key} names criterion ${id}, which does not exist`);
    }
  }
  return faults;
}

function artifactFaults(state: WorkflowState, output: RoleOutputs["implementer"]): string[] {
  const faults: string[] = [];
  const seen = new Map<string, string>();
  for (const { path } of output.artifacts) {
    const refusal = refusalOfPath(path);
    if (refusal !== null) faults.push(`artifact path ${JSON.stringify(path)}: ${refusal}`);
    const key = pathKey(path);
    const twin = seen.get(key) ?? state.latest_artifacts.get(key)?.path;
    if (seen.has(key) && twin === path) faults.push(`artifact ${path} appears twice`);
    else if (twin !== undefined && twin !== path) {
      faults.push(`artifact ${path} differs from ${twin} only in case; use one spelling`);
    }
    seen.set(key, path);
  }
  return [...faults, ...nestingFaults(state, output)];
}

/** A file can't lie where a directory is needed: `docs` and `docs/a.md` exclude each other. */
function nestingFaults(state: WorkflowState, output: RoleOutputs["implementer"]): string[] {
  const written = new Map(output.artifacts.map(({ path }) => [pathKey(path), path]));
  const faults: string[] = [];
  for (const [key, path] of written) {
    for (const directory of directoriesAbove(key)) {
      const file = written.get(directory) ?? state.latest_artifacts.get(directory)?.path;
      if (file !== undefined) faults.push(nestingFault(path, file));
    }
    const below = state.directories.get(key);
    if (below !== undefined && !written.has(pathKey(below))) faults.push(nestingFault(below, path));
  }
  return faults;
}

function nestingFault(path: string, file: string): string {
  return `artifact ${path} lies below ${file}, which is a file; choose another path`;
}

function verdictOmissions(state: WorkflowState, output: RoleOutputs["qa"]): string[] {
  const judged = new Set(output.criteria.map((verdict) => verdict.id));
  return [...criterionIds(state)]
    .filter((id) => !judged.has(id))
    .map((id) => `criteria has no verdict for ${id}`);
}

function criterionIds(state: WorkflowState): ReadonlySet<string> {
  return new Set(documentOf(state, "constitution")?.acceptance_criteria.map((criterion) => criterion.id));
}
