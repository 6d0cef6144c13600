import { pathKey, refusalOfPath } from "./artifact-path.ts";
import { type Check, checkOf, type CommandCheck } from "./check.ts";
import { type AcceptanceCriterion, type PlannedTask, TASK_KEY } from "./documents.ts";
import { ROLE_NAMES, type RoleName } from "./role-name.ts";
import { ROLE_OUTPUTS, type RoleOutputs, STORED_OUTPUTS } from "./role-output.ts";
import { constantExit, printsTheSame } from "./shell-command.ts";
import { directoriesAbove } from "./workflow/directories.ts";
import { documentOf, plannedTasks, type WorkflowState } from "./workflow/state.ts";
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

type Rule<R extends RoleName> = (state: WorkflowState, output: RoleOutputs[R]) => string[];

const FAULTS: { readonly [R in RoleName]: Rule<R> } = {
  director: () => [],
  project_manager: (_state, output) => contractFaults(output),
  architect: (state, output) => taskFaults(state, output.tasks),
  implementer: artifactFaults,
  qa: () => [],
  finalizer: () => [],
  refiner: () => [],
};

const OMISSIONS: { readonly [R in RoleName]?: Rule<R> } = { qa: verdictOmissions };

function contractFaults(output: RoleOutputs["project_manager"]): string[] {
  const milestones = output.plan.milestones.map(({ id, depends_on }) => ({ key: id, depends_on }));
  return [
    ...criteriaFaults(output.constitution.acceptance_criteria),
    ...graphProblems("milestone", milestones, new Set()),
  ];
}

/** What keeps acceptance criteria from being decided. */
export function criteriaFaults(criteria: readonly AcceptanceCriterion[]): string[] {
  const ids = criteria.map((criterion) => criterion.id);
  const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
  const isBinding = criteria.some(({ level }) => level === "must");
  return [
    ...(isBinding
      ? []
      : ["no acceptance criterion is a must; name at least one without which the work is not done"]),
    ...twice.map((id) => `acceptance criterion ${id} appears twice; every id is unique`),
    ...criteria.flatMap((criterion) => {
      const fault = checkFault(checkOf(criterion));
      return fault === null ? [] : [`the check of acceptance criterion ${criterion.id} ${fault}`];
    }),
  ];
}

/** A command that ends the same whatever the tree holds decides nothing. */
function commandFault({ command, exit_code, output_contains }: CommandCheck): string | null {
  const end = constantExit(command);
  if (end === null || (output_contains !== null && !printsTheSame(command))) return null;
  const what = end === exit_code ? "can't fail" : "can't pass";
  return `${what}: \`${command}\`; choose a command that fails while the criterion does not hold`;
}

function checkFault(check: Check): string | null {
  switch (check.kind) {
    case "command":
      return commandFault(check);
    case "file": {
      const refusal = refusalOfPath(check.path);
      return refusal === null ? null : `names ${JSON.stringify(check.path)}: ${refusal}`;
    }
    case "http":
      return check.path.startsWith("/") ? null : `has the path ${check.path}; it begins with /`;
    case "rubric":
      return null;
  }
}

type Plan = {
  /** Ids of the criteria, where they are not those of the state. */
  readonly criteria?: readonly string[] | null;
  /** Whether the tasks take the place of those that are there. */
  readonly replacing?: boolean;
};

/** What keeps tasks from being carried out. */
export function taskFaults(
  state: WorkflowState,
  tasks: readonly PlannedTask[],
  { criteria: ids = null, replacing = false }: Plan = {},
): string[] {
  const criteria = ids === null ? criterionIds(state) : new Set(ids);
  const existing = new Set(replacing ? [] : plannedTasks(state).map((task) => task.id));
  const faults = graphProblems("task", tasks, existing);
  for (const task of tasks) {
    for (const path of task.writes) {
      const refusal = refusalOfPath(path.endsWith("/") ? path.slice(0, -1) : path);
      if (refusal !== null) faults.push(`task ${task.key} writes ${JSON.stringify(path)}: ${refusal}`);
    }
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
  const faults = deletionFaults(state, output);
  if (output.artifacts.length + output.deleted.length === 0)
    faults.push("artifacts is empty, and nothing was written with the tools; write what the task asks for");
  const seen = new Map<string, string>();
  for (const { path } of output.artifacts) {
    const refusal = refusalOfPath(path);
    if (refusal !== null) faults.push(`artifact path ${JSON.stringify(path)}: ${refusal}`);
    const key = pathKey(path);
    const twin = seen.get(key) ?? livePath(state, key);
    if (seen.has(key) && twin === path) faults.push(`artifact ${path} appears twice`);
    else if (twin !== undefined && twin !== path) {
      faults.push(`artifact ${path} differs from ${twin} only in case; use one spelling`);
    }
    seen.set(key, path);
  }
  return [...faults, ...nestingFaults(state, output)];
}

function deletionFaults(state: WorkflowState, output: RoleOutputs["implementer"]): string[] {
  const written = new Set(output.artifacts.map(({ path }) => pathKey(path)));
  const seen = new Set<string>();
  return output.deleted.flatMap((path) => {
    const key = pathKey(path);
    const isTwice = seen.has(key);
    seen.add(key);
    if (written.has(key)) return [`artifact ${path} is both written and deleted; choose one`];
    if (livePath(state, key) === undefined)
      return [`deleted names ${JSON.stringify(path)}, which does not exist`];
    return isTwice ? [`deleted names ${path} twice`] : [];
  });
}

/** A file can't lie where a directory is needed: `docs` and `docs/a.md` exclude each other. */
function nestingFaults(state: WorkflowState, output: RoleOutputs["implementer"]): string[] {
  const written = new Map(output.artifacts.map(({ path }) => [pathKey(path), path]));
  const gone = new Set(output.deleted.map((path) => pathKey(path)));
  const going = filesBelow(gone);
  const faults: string[] = [];
  for (const [key, path] of written) {
    for (const directory of directoriesAbove(key)) {
      const file = written.get(directory) ?? (gone.has(directory) ? undefined : livePath(state, directory));
      if (file !== undefined) faults.push(nestingFault(path, file));
    }
    if ((state.directories.get(key) ?? 0) <= (going.get(key) ?? 0)) continue;
    const below = pathBelow(state, key, gone);
    if (below !== undefined && !written.has(pathKey(below))) faults.push(nestingFault(below, path));
  }
  return faults;
}

/** By directory how many of these lie below it. */
function filesBelow(keys: ReadonlySet<string>): ReadonlyMap<string, number> {
  const below = new Map<string, number>();
  for (const key of keys) {
    for (const directory of directoriesAbove(key)) below.set(directory, (below.get(directory) ?? 0) + 1);
  }
  return below;
}

/** The first path below the directory that will still be there. */
function pathBelow(state: WorkflowState, directory: string, gone: ReadonlySet<string>): string | undefined {
  const prefix = `${directory}/`;
  let first: { readonly key: string; readonly path: string } | undefined;
  for (const [key, { path, deleted }] of state.latest_artifacts.entries()) {
    if (deleted || gone.has(key) || !key.startsWith(prefix)) continue;
    if (first === undefined || key < first.key) first = { key, path };
  }
  return first?.path;
}

/** The path under this key, unless it is deleted. */
function livePath(state: WorkflowState, key: string): string | undefined {
  const artifact = state.latest_artifacts.get(key);
  return artifact?.deleted === false ? artifact.path : undefined;
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
