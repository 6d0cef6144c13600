import type { Check, CommandCheck, FileCheck } from "../../src/core/check.ts";
import type { AcceptanceCriterion, PlannedTask } from "../../src/core/documents.ts";
import type { Mode, RoleName } from "../../src/core/role-name.ts";
import type { RoleOutputs } from "../../src/core/role-output.ts";

/** What roles say of whom a proof only needs that they say something sound. */

export function brief(mode: Mode, title: string): RoleOutputs["director"] {
  return {
    mode,
    title,
    goals: [title],
    model: "wire/m1",
    role_models: [],
    finalizer_action: "api-response",
    rationale: "It is small and clear.",
    summary: `The person wants: ${title}.`,
  };
}

export function contract(criteria: readonly AcceptanceCriterion[]): RoleOutputs["project_manager"] {
  return {
    constitution: {
      vision: "It is there and it holds.",
      goals: [],
      constraints: [],
      audience: "people who use it",
      output_medium: "files",
      acceptance_criteria: [...criteria],
      out_of_scope: [],
    },
    requirements: { functional: [], non_functional: [], dependencies: [] },
    plan: {
      milestones: [{ id: "M1", title: "All of it", depends_on: [], done_when: "the files are there" }],
    },
    summary: "What has to hold is written down.",
  };
}

export function design(tasks: readonly PlannedTask[]): RoleOutputs["architect"] {
  return {
    design: {
      overview: "A few files.",
      components: [],
      decisions: [],
      diagrams: [],
      tech_stack: [],
      delivery_target: "the files",
    },
    tasks: [...tasks],
    summary: "It is planned.",
  };
}

type Planned = Pick<PlannedTask, "key"> & Partial<PlannedTask>;

export function task(planned: Planned): PlannedTask {
  const { key } = planned;
  const rest = { depends_on: [], criteria: [], writes: [] };
  return { title: `Do ${key}`, description: `Do what ${key} says.`, ...rest, ...planned };
}

/** Files that were written with the tools need not be named again. */
export function written(summary: string): unknown {
  return { artifacts: [], deleted: [], summary };
}

/** Whole files in the answer itself. */
export function writing(files: Readonly<Record<string, string>>, summary = "It is written."): unknown {
  const artifacts = Object.entries(files).map(([path, content]) => {
    return { path, kind: "document", description: `The file ${path}.`, content };
  });
  return { artifacts, deleted: [], summary };
}

/** The roles that end a workflow, whatever it was. */
export function closing(role: RoleName): unknown {
  if (role === "finalizer") return { delivery_notes: "Read it.", summary: "It is ready." };
  return { suggestions: [], health_score: 80, overall_assessment: "There is nothing to add." };
}

export function must(id: string, text: string, check: Check): AcceptanceCriterion {
  return { id, text, level: "must", check };
}

export function command(text: string, output_contains: string | null = null, exit_code = 0): CommandCheck {
  return { kind: "command", command: text, exit_code, output_contains };
}

export function file(path: string, wanted: Partial<Omit<FileCheck, "kind" | "path">> = {}): FileCheck {
  const lists = { contains: [], headings: [], columns: [] };
  const nothing = { min_words: null, max_words: null, min_rows: null, sql: null, json_schema: null };
  return { kind: "file", path, ...lists, ...nothing, ...wanted };
}

export function rubric(question: string): Check {
  return { kind: "rubric", question };
}
