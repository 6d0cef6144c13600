import { citationKey } from "../../src/core/citation.ts";
import type { RoleOutputs } from "../../src/core/role-output.ts";
import type { JobShape, JobStep } from "../job.ts";

/** The one model there is, as provider/model. */
export const NULL_MODEL = "null/null";

/** What the roles around the tasks answer at once: small, valid, and the same in every workflow. */
export function roleOutputs(shape: JobShape): Omit<RoleOutputs, "implementer"> {
  return {
    director: {
      mode: "software",
      title: "A job of the benchmark",
      goals: ["every step is durable"],
      model: NULL_MODEL,
      role_models: [],
      finalizer_action: "api-response",
      rationale: "nothing has to be chosen",
      summary: "The job of the benchmark.",
    },
    project_manager: contract(),
    architect: { design: design(), tasks: plannedTasks(shape), summary: "Tasks in a chain." },
    qa: {
      criteria: [{ id: "AC1", verdict: "met", evidence: "every file is there", citations: [CITATION] }],
      findings: [],
      summary: "All is met.",
    },
    finalizer: { delivery_notes: "Nothing to know.", summary: "The files of the job." },
    refiner: { suggestions: [], health_score: 100, overall_assessment: "It went as always." },
  };
}

const CITATION = { path: "files/t1.txt", line: 1, quote: null };
/** What the engine finds where QA points, for executors that don't look. */
export const RESOLVED: readonly string[] = [citationKey(CITATION)];

/** Index of a task by its key. */
function taskOf(key: string): number {
  return Number(key.slice(1)) - 1;
}

/** Where a step stands in the one order in which the steps of a chained job run. */
export function placeOf(
  step: { readonly id: string; readonly task_id: string | null },
  shape: JobShape,
): JobStep {
  if (step.task_id !== null) {
    const task = taskOf(step.task_id);
    return { ordinal: BEFORE_TASKS.length + task, task };
  }
  const [name = ""] = step.id.split(":");
  const before = BEFORE_TASKS.indexOf(name);
  if (before >= 0) return { ordinal: before, task: null };
  const after = AFTER_TASKS.indexOf(name);
  return { ordinal: BEFORE_TASKS.length + shape.chained + shape.parallel + after, task: null };
}

export function stepsOf(shape: JobShape): number {
  return BEFORE_TASKS.length + shape.chained + shape.parallel + AFTER_TASKS.length;
}

const BEFORE_TASKS = ["director", "project_manager", "architect"];
const AFTER_TASKS = ["validation", "qa", "finalizer", "delivery", "refiner"];

/** The chain, and behind its last task those that run at once. */
function plannedTasks({ chained, parallel }: JobShape): RoleOutputs["architect"]["tasks"] {
  return Array.from({ length: chained + parallel }, (_, index) => {
    const dependency = Math.min(index, chained);
    return {
      key: `t${index + 1}`,
      title: `Task ${index + 1}`,
      description: "Write the file of this task.",
      depends_on: dependency === 0 ? [] : [`t${dependency}`],
      criteria: ["AC1"],
      writes: [`files/t${index + 1}.txt`],
    };
  });
}

function contract(): RoleOutputs["project_manager"] {
  return {
    constitution: {
      vision: "Files that nobody reads.",
      goals: ["every step is durable"],
      constraints: [],
      audience: "the benchmark",
      output_medium: "files",
      acceptance_criteria: [
        {
          id: "AC1",
          text: "Every task has written its file.",
          level: "must",
          check: { kind: "rubric", question: "Is every file there?" },
        },
      ],
      out_of_scope: [],
    },
    requirements: {
      functional: [
        { id: "R1", title: "Files", description: "One a task.", priority: "must", source: "the request" },
      ],
      non_functional: [],
      dependencies: [],
    },
    plan: { milestones: [{ id: "M1", title: "Files", depends_on: [], done_when: "all are there" }] },
    summary: "One criterion, one milestone.",
  };
}

function design(): RoleOutputs["architect"]["design"] {
  return {
    overview: "One file a task.",
    components: [{ name: "file", description: "what a task writes", inputs: [], outputs: ["text"] }],
    decisions: [{ decision: "a chain", rationale: "the gap between steps is what counts", tradeoffs: null }],
    diagrams: [],
    tech_stack: [],
    delivery_target: "files",
  };
}
