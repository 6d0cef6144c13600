import { Chance } from "./chance.ts";
import type { Request } from "./referee.ts";

export type SeededAnswer = {
  readonly body: unknown;
  /** The answer breaks the contract of its role, so that it has to be asked for again. */
  readonly flawed: boolean;
};

const FLAWED_SHARE = 0.06;
const LARGEST_FILLER = 2_000;

/**
 * `usual` answers break the contract now and then, and QA may block; `plain` ones are good at once; `least` ones are as
 * small as can be, too.
 */
export type Temper = "usual" | "plain" | "least";

/**
 * Plausible answers that differ from workflow to workflow: the task graph, the files, how often QA blocks, and who
 * forgets half of an answer. They depend on the seed and the step, never on the attempt: a repeat is told the same.
 */
export function seededAnswer(seed: string, request: Request, temper: Temper = "usual"): SeededAnswer {
  const { workflow, step, call } = request;
  if (temper !== "usual") return { body: answerOf(seed, request, temper), flawed: false };
  const flawed = call === 1 && new Chance(seed, workflow, step, "flawed").likely(FLAWED_SHARE);
  return { body: flawed ? { summary: "That is all I can say." } : answerOf(seed, request, temper), flawed };
}

function answerOf(seed: string, { workflow, role, step }: Request, temper: Temper): unknown {
  const cycle = Number(/:(\d+)$/.exec(step)?.[1] ?? 0);
  const least = temper === "least";
  const criteria = least ? ["AC1"] : criteriaOf(seed, workflow);
  switch (role) {
    case "director":
      return brief(workflow);
    case "project_manager":
      return contract(criteria);
    case "architect":
      if (least) return plan({ t1: [] }, criteria);
      return plan(cycle === 0 ? graph(seed, workflow) : repairGraph(seed, workflow, cycle), criteria);
    case "implementer":
      if (least) return { artifacts: [LEAST_FILE], deleted: [], summary: "Wrote a file." };
      return work(new Chance(seed, workflow, step), workflow, step.replace("task:", ""));
    case "qa":
      return judgement(temper === "usual" && cycle < blockedCycles(seed, workflow), criteria);
    case "finalizer":
      return { delivery_notes: "Read the first file first.", summary: "The files are written." };
    case "refiner":
      return { suggestions: [], health_score: 90, overall_assessment: "It went well." };
    default:
      throw new Error(`nobody answers for the role ${role}`);
  }
}

/** Whether QA never lets the work of this workflow pass, so that it has to fail. */
export function isNeverGoodEnough(seed: string, workflow: string): boolean {
  return blockedCycles(seed, workflow) === NEVER;
}

const NEVER = 99;
/** Every workflow writes it, and every repair writes it anew. */
const FIRST_FILE = "t1/part-1.txt";
const LEAST_FILE = { path: FIRST_FILE, kind: "document", description: "A file", content: "text\n" };

/** Most work is good at once, some after one or two repairs. */
function blockedCycles(seed: string, workflow: string): number {
  const drawn = new Chance(seed, workflow, "blocked").next();
  if (drawn < 0.7) return 0;
  if (drawn < 0.9) return 1;
  return drawn < 0.96 ? 2 : NEVER;
}

function criteriaOf(seed: string, workflow: string): string[] {
  const count = new Chance(seed, workflow, "criteria").between(1, 3);
  return Array.from({ length: count }, (_, index) => `AC${index + 1}`);
}

type Graph = Readonly<Record<string, readonly string[]>>;

function graph(seed: string, workflow: string): Graph {
  const chance = new Chance(seed, workflow, "graph");
  const keys = Array.from({ length: chance.between(1, 6) }, (_, index) => `t${index + 1}`);
  return Object.fromEntries(
    keys.map((key, index) => [key, keys.slice(0, index).filter(() => chance.likely(0.35))]),
  );
}

function repairGraph(seed: string, workflow: string, cycle: number): Graph {
  const both = new Chance(seed, workflow, "repair", cycle).likely(0.5);
  return { [`repair-${cycle}`]: [], ...(both ? { [`tidy-${cycle}`]: [`repair-${cycle}`] } : {}) };
}

function brief(workflow: string): unknown {
  return {
    mode: "docs",
    title: `Files of ${workflow.slice(-6)}`,
    goals: ["files"],
    model: "fake/m1",
    role_models: [],
    finalizer_action: "api-response",
    rationale: "It asks for text.",
    summary: "Small files.",
  };
}

function contract(criteria: readonly string[]): unknown {
  return {
    constitution: {
      vision: "Files.",
      goals: [],
      constraints: [],
      audience: "readers",
      output_medium: "text files",
      acceptance_criteria: criteria.map((id) => ({
        id,
        text: `${id} holds.`,
        level: "must",
        check: { kind: "rubric", question: `Does ${id} hold?` },
      })),
      out_of_scope: [],
    },
    requirements: { functional: [], non_functional: [], dependencies: [] },
    plan: { milestones: [{ id: "M1", title: "Files", depends_on: [], done_when: "they exist" }] },
    summary: "Agreed.",
  };
}

function plan(tasks: Graph, criteria: readonly string[]): unknown {
  return {
    design: {
      overview: "Files.",
      components: [],
      decisions: [],
      diagrams: [],
      tech_stack: [],
      delivery_target: "api-response",
    },
    tasks: Object.entries(tasks).map(([key, depends_on]) => ({
      key,
      title: `Write ${key}`,
      description: `Write the files of ${key}.`,
      depends_on,
      criteria,
      writes: key.startsWith("repair") ? [FIRST_FILE, `${key}/`] : [`${key}/`],
    })),
    summary: "Planned.",
  };
}

function work(chance: Chance, workflow: string, key: string): unknown {
  const repairs = key.startsWith("repair");
  const paths = Array.from({ length: chance.between(1, 3) }, (_, index) =>
    repairs && index === 0 ? FIRST_FILE : `${key}/part-${index + 1}.txt`,
  );
  return {
    artifacts: paths.map((path) => ({
      path,
      kind: "document",
      description: `The file ${path}`,
      content: `${path} by ${key} of ${workflow}\n${"✓ text ".repeat(chance.between(0, LARGEST_FILLER / 7))}\n`,
    })),
    deleted: [],
    summary: `Wrote ${paths.length} files.`,
  };
}

function judgement(blocks: boolean, criteria: readonly string[]): unknown {
  const finding = {
    id: null,
    severity: "blocking",
    component: FIRST_FILE,
    description: "The greeting is missing.",
    recommendation: "Write the greeting.",
    evidence: `${FIRST_FILE}:1`,
    citations: [{ path: FIRST_FILE, line: 1, quote: null }],
    criterion: "AC1",
  };
  return {
    criteria: criteria.map((id) => ({
      id,
      verdict: blocks && id === "AC1" ? "unmet" : "met",
      evidence: `${FIRST_FILE}:1`,
      citations: [{ path: FIRST_FILE, line: 1, quote: null }],
    })),
    findings: blocks ? [finding] : [],
    summary: blocks ? "Not yet." : "All there.",
  };
}
