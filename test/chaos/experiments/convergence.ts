import type { CourseName } from "../../trust/convergence/courses.ts";
import { COURSES } from "../../trust/convergence/courses.ts";
import { type CourseCase, type Ended, proveCourse } from "../../trust/convergence/run-course.ts";
import { severalAtOnce } from "../../trust/several-at-once.ts";
import { TrustBench } from "../../trust/trust-bench.ts";
import { Chance } from "../chance.ts";
import type { Figures } from "../rehearsal.ts";
import type { Experiment } from "./experiment.ts";

const NAMES = Object.keys(COURSES) as CourseName[];
const RETRIES = [1, 2, 3, 4, 5, 6] as const;
const PATIENCE = [1, 2, 3] as const;
const AT_ONCE = 4;

/** Reviewers and fixers that would go on for ever, and some that only need their time. */
export const convergence: Experiment = {
  name: "convergence",
  summary:
    "repair that goes in circles ends as stalled within its bound with the best tree kept; slow repair gets there",
  unit: "workflows",
  stores: ["sqlite"],
  sizes: {
    small: NAMES.length,
    usual: NAMES.length * RETRIES.length,
    full: NAMES.length * RETRIES.length * PATIENCE.length * 4,
  },
  run: async ({ size, seed, store, say }) => {
    const cases = drawCases(seed, size);
    const ended: Ended[] = [];
    for (const patience of PATIENCE) {
      const bench = await TrustBench.open({ workflow: { stall_patience: patience } });
      try {
        const own = cases.filter(({ setting }) => setting.stall_patience === patience);
        await severalAtOnce(own, AT_ONCE, async (one) => {
          ended.push(await proveCourse(bench, one));
        });
      } finally {
        await bench.close();
      }
      say(`with patience ${patience}: ${ended.length} of ${size} workflows ended within their bound`);
    }
    return { store, seed, size, ...figuresOf(ended) };
  },
};

/** Every course in turn, each under every pair of limits before one comes again. */
function drawCases(seed: string, size: number): CourseCase[] {
  const pairs = RETRIES.flatMap((retries) => PATIENCE.map((patience) => ({ retries, patience })));
  const first = new Chance(seed).between(0, pairs.length - 1);
  return Array.from({ length: size }, (_, index) => {
    const at = index % NAMES.length;
    const round = Math.floor(index / NAMES.length);
    // 5 and 7 have no divisor in common with the number of pairs.
    const pair = pairs[(first + round * 5 + at * 7) % pairs.length];
    const { retries: max_qa_retries = 1, patience: stall_patience = 1 } = pair ?? {};
    const chance = new Chance(seed, index);
    return {
      name: NAMES[at] ?? "reviewer: new each time",
      setting: { chance, max_qa_retries, stall_patience },
    };
  });
}

function figuresOf(ended: readonly Ended[]): Figures {
  const courses = NAMES.map((name) => {
    const own = ended.filter((one) => one.name === name);
    const most = (what: "cycles" | "calls"): number => Math.max(0, ...own.map((one) => one[what]));
    return [name, { workflows: own.length, most_cycles: most("cycles"), most_model_calls: most("calls") }];
  });
  return { courses: Object.fromEntries(courses) as Figures };
}
