import type { AcceptanceCriterion } from "../../../src/core/documents.ts";
import type { RoleOutputs } from "../../../src/core/role-output.ts";
import type { Chance } from "../../chaos/chance.ts";
import { file, must, rubric } from "../plain-answers.ts";

export type Setting = {
  readonly chance: Chance;
  readonly max_qa_retries: number;
  readonly stall_patience: number;
};

export type Finding = RoleOutputs["qa"]["findings"][number];

/** How a reviewer and a fixer go on with each other, cycle by cycle. */
export type Course = {
  readonly criteria: readonly AcceptanceCriterion[];
  /** The only file, as the fixer leaves it; null when he leaves nothing. */
  readonly text: (cycle: number) => string | null;
  readonly findings: (cycle: number) => readonly Finding[];
  /** Criteria that the reviewer calls unmet. */
  readonly unmet: (cycle: number) => readonly string[];
  /** With which code it must end (null: completed), and in which cycle, neither later nor earlier. */
  readonly ends: { readonly code: string | null; readonly cycle: number };
};

export type CourseMaker = (setting: Setting) => Course;

export const PATH = "answer.md";
export const READS_WELL = "READS";

/** What only a reader can judge, and as many facts as there are, each of which a check looks for. */
export function criteria(facts: number): AcceptanceCriterion[] {
  const read = must(READS_WELL, "It reads well.", rubric("Does it read well?"));
  const ids = Array.from({ length: facts }, (_, index) => `FACT${index + 1}`);
  return [read, ...ids.map((id) => must(id, `It says ${id}.`, file(PATH, { contains: [sentence(id)] })))];
}

/** The answer with these facts; the remark makes it another text. */
export function answer(facts: readonly number[], remark: string): string {
  const said = facts.map((fact) => `${sentence(`FACT${fact}`)}\n`).join("\n");
  return `# Answer\n\n${said}\nRemark: ${remark}\n`;
}

function sentence(id: string): string {
  return `It is so, as ${id} says.`;
}

/** Shown by a place that is there, so that it counts. */
export function finding(description: string, over: Partial<Finding> = {}): Finding {
  return {
    id: null,
    severity: "blocking",
    component: PATH,
    description,
    recommendation: "Mend it.",
    evidence: "It stands in the first line.",
    citations: [{ path: PATH, line: 1, quote: null }],
    criterion: null,
    ...over,
  };
}

export const none = (): readonly never[] => [];
