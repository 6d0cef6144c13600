import { kindOf } from "../../../src/core/artifact-kind.ts";
import type { Check, CommandCheck, FileCheck } from "../../../src/core/check.ts";
import type { Citation } from "../../../src/core/citation.ts";
import type { AcceptanceCriterion, CriterionVerdict, ReportedFinding } from "../../../src/core/documents.ts";
import type { Mode, RoleName } from "../../../src/core/role-name.ts";
import type { RoleOutputs } from "../../../src/core/role-output.ts";
import type { CreateWorkflowInput } from "../../../src/engine/engine.ts";
import type { Asked, Said, Script, ToolCall } from "../wire-model.ts";

export type Files = Readonly<Record<string, string>>;

export type Task = {
  readonly key: string;
  readonly files: Files;
  readonly deleted?: readonly string[];
  readonly after?: readonly string[];
  readonly summary: string;
  /** What is called before the answer. */
  readonly calls?: readonly ToolCall[];
  /** Files that the answer names without content. */
  readonly unwritten?: readonly string[];
};

/** What is done and said in one cycle. */
export type Round = {
  readonly tasks: readonly Task[];
  readonly verdicts: readonly CriterionVerdict[];
  readonly findings: readonly ReportedFinding[];
  readonly says: string;
};

/** A whole job as data: what is asked, what every role says, what is written. */
export type Job = {
  readonly mode: Mode;
  readonly title: string;
  readonly criteria: readonly AcceptanceCriterion[];
  /** By cycle; the last is played again when there are more cycles. */
  readonly rounds: readonly [Round, ...Round[]];
  readonly words: Partial<Record<Exclude<RoleName, "implementer" | "qa">, string>>;
  readonly notes: string;
  readonly input: Partial<CreateWorkflowInput>;
};

/** What the model says in this job. */
export function scriptOf(job: Job): Script {
  return (asked) => {
    const round = roundOf(job, cycleOf(asked));
    if (asked.role !== "implementer") return { answer: answerOf(job, round, asked) };
    return workOf(round, asked);
  };
}

function cycleOf({ step, cycle }: Asked): number {
  const ofTask = /^task:.*-c(\d+)$/.exec(step)?.[1];
  return ofTask === undefined ? cycle : Number(ofTask);
}

function roundOf({ rounds }: Job, cycle: number): Round {
  return rounds[Math.min(cycle, rounds.length - 1)] ?? rounds[0];
}

function workOf(round: Round, { step, call }: Asked): Said {
  const task = round.tasks.find(({ key }) => step.startsWith(`task:${key}-c`));
  if (!task) throw new Error(`nothing is planned for ${step}`);
  if (task.calls && call === 1) return { calls: task.calls };
  const written = Object.entries(task.files).map(([path, content]) => artifact(path, content));
  const named = (task.unwritten ?? []).map((path) => artifact(path, null));
  return {
    answer: { artifacts: [...written, ...named], deleted: task.deleted ?? [], summary: task.summary },
  };
}

function artifact(path: string, content: string | null) {
  return { path, kind: kindOf(path), description: `The file ${path}.`, content };
}

function answerOf(job: Job, round: Round, asked: Asked): unknown {
  const { title, mode, words, notes } = job;
  const summary = words[asked.role as keyof Job["words"]] ?? `About ${title}.`;
  switch (asked.role) {
    case "director":
      return brief(title, mode, summary);
    case "project_manager":
      return contract(job, summary);
    case "architect":
      return plan(job, round, { cycle: asked.cycle, summary });
    case "qa":
      return { criteria: round.verdicts, findings: round.findings, summary: round.says };
    case "finalizer":
      return { summary, delivery_notes: notes };
    case "refiner":
      return { suggestions: [], health_score: 80, overall_assessment: "It went as planned." };
    default:
      throw new Error(`nobody expects ${asked.role}`);
  }
}

function brief(title: string, mode: Mode, summary: string): RoleOutputs["director"] {
  const given = { mode, title, goals: [title], model: "wire/m1", role_models: [] };
  return { ...given, finalizer_action: "api-response", rationale: "It was asked for.", summary };
}

function contract({ title, criteria }: Job, summary: string): RoleOutputs["project_manager"] {
  return {
    constitution: {
      vision: title,
      goals: [title],
      constraints: [],
      audience: "Whoever asked.",
      output_medium: "Files",
      acceptance_criteria: [...criteria],
      out_of_scope: [],
    },
    requirements: { functional: [], non_functional: [], dependencies: [] },
    plan: { milestones: [{ id: "M1", title, depends_on: [], done_when: "All criteria hold." }] },
    summary,
  };
}

type Planned = { readonly cycle: number; readonly summary: string };

function plan({ title, criteria }: Job, round: Round, { cycle, summary }: Planned): RoleOutputs["architect"] {
  const inCycle = (key: string): string => `${key}-c${cycle}`;
  return {
    design: {
      overview: title,
      components: [],
      decisions: [],
      diagrams: [],
      tech_stack: [],
      delivery_target: "Files",
    },
    tasks: round.tasks.map(({ key, files, after = [] }) => ({
      key: inCycle(key),
      title: `Write ${key}`,
      description: `Write ${Object.keys(files).join(", ")}.`,
      depends_on: after.map(inCycle),
      criteria: criteria.map(({ id }) => id),
      writes: Object.keys(files),
    })),
    summary,
  };
}

export function must(id: string, text: string, check: Check): AcceptanceCriterion {
  return { id, text, level: "must", check };
}

export function command(line: string, output_contains: string | null = null): CommandCheck {
  return { kind: "command", command: line, exit_code: 0, output_contains };
}

export function file(path: string, wanted: Partial<FileCheck> = {}): FileCheck {
  const open = { min_words: null, max_words: null, min_rows: null, sql: null, json_schema: null };
  return { kind: "file", path, contains: [], headings: [], columns: [], ...open, ...wanted };
}

export function rubric(question: string): Check {
  return { kind: "rubric", question };
}

/** Where these words stand. */
export function cite(files: Files, path: string, words: string): Citation {
  const line = (files[path] ?? "").split("\n").findIndex((one) => one.includes(words)) + 1;
  if (line === 0) throw new Error(`${path} does not say ${words}`);
  return { path, line, quote: words };
}

export function met(id: string, citations: readonly Citation[] = [], evidence = "I looked at it.") {
  return { id, verdict: "met", evidence, citations: [...citations] } satisfies CriterionVerdict;
}

export function unmet(id: string, evidence = "It does not hold."): CriterionVerdict {
  return { id, verdict: "unmet", evidence, citations: [] };
}

export function blocking(
  component: string,
  description: string,
  over: Partial<ReportedFinding> = {},
): ReportedFinding {
  const advice = { recommendation: "Mend it.", evidence: "It can be seen there." };
  return {
    id: null,
    severity: "blocking",
    component,
    description,
    ...advice,
    citations: [],
    criterion: null,
    ...over,
  };
}

/** The same job with another first round. */
export function withRound(job: Job, over: Partial<Round>): Job {
  const [first, ...more] = job.rounds;
  return { ...job, rounds: [{ ...first, ...over }, ...more] };
}

/** The same job with other files: null takes one away. */
export function withFiles(job: Job, files: Readonly<Record<string, string | null>>): Job {
  const [{ tasks }] = job.rounds;
  const [first, ...more] = tasks;
  if (!first) throw new Error("there is no task");
  const all = Object.entries({ ...first.files, ...files });
  const kept = Object.fromEntries(all.flatMap(([path, text]) => (text === null ? [] : [[path, text]])));
  return withRound(job, { tasks: [{ ...first, files: kept }, ...more] });
}

export function withSummary(job: Job, summary: string): Job {
  const [{ tasks }] = job.rounds;
  return withRound(job, { tasks: tasks.map((task) => ({ ...task, summary })) });
}

export function filesOf(job: Job): Files {
  return Object.assign({}, ...job.rounds[0].tasks.map(({ files }) => files)) as Files;
}
