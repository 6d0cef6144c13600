import type { WorkflowEvent } from "../../../src/core/workflow/events.ts";
import { provenWrong } from "../../chaos/proven-wrong.ts";
import { brief, closing, contract, design, task, writing } from "../plain-answers.ts";
import type { Run, TrustBench } from "../trust-bench.ts";
import type { Asked, Said, Script } from "../wire-model.ts";
import { type Course, PATH, type Setting } from "./course.ts";
import { type CourseName, COURSES } from "./courses.ts";

export type CourseCase = { readonly name: CourseName; readonly setting: Setting };
export type Ended = { readonly name: CourseName; readonly cycles: number; readonly calls: number };

/** Runs one course and holds it to its bound. Throws a ProvenWrong. */
export async function proveCourse(bench: TrustBench, { name, setting }: CourseCase): Promise<Ended> {
  const { max_qa_retries, stall_patience } = setting;
  const course = COURSES[name](setting);
  const run = await bench.run(courseScript(course), { request: "Write the answer.", max_qa_retries });
  const calls = bench.model.callsOf(run.id).length;
  const problem =
    problemOfEnding(run, course) ??
    problemOfCalls(calls, course) ??
    (await problemOfBest(bench, run, course));
  if (problem !== null) {
    const where = `${name}, max_qa_retries ${max_qa_retries}, stall_patience ${stall_patience}`;
    throw provenWrong("repair_converges_or_ends", `${where}: ${problem}`, run.id);
  }
  return { name, cycles: run.state.head.cycle, calls };
}

function courseScript(course: Course): Script {
  return (asked) => {
    const cycle = Number(/-(\d+)$/.exec(asked.step)?.[1] ?? asked.cycle);
    switch (asked.role) {
      case "director":
        return { answer: brief("docs", "The answer") };
      case "project_manager":
        return { answer: contract(course.criteria) };
      case "architect":
        return { answer: design([task({ key: `write-${cycle}`, writes: [PATH] })]) };
      case "implementer":
        return { answer: implement(course.text(cycle)) };
      case "qa":
        return judge(course, asked);
      default:
        return { answer: closing(asked.role === "finalizer" ? "finalizer" : "refiner") };
    }
  };
}

function implement(text: string | null): unknown {
  return writing(text === null ? {} : { [PATH]: text });
}

function judge(course: Course, { cycle }: Asked): Said {
  const unmet = course.unmet(cycle);
  const criteria = course.criteria.map(({ id }) => ({
    id,
    verdict: unmet.includes(id) ? "unmet" : "met",
    evidence: "The first line shows it.",
    citations: [{ path: PATH, line: 1, quote: null }],
  }));
  return { answer: { criteria, findings: course.findings(cycle), summary: "It was read." } };
}

function problemOfEnding({ state }: Run, { ends }: Course): string | null {
  const { status, cycle, error, verdict } = state.head;
  if (ends.code === null) {
    if (status === "completed" && verdict === "verified" && cycle === ends.cycle) return null;
  } else if (status === "failed" && error?.code === ends.code && cycle === ends.cycle) return null;
  const wanted = `${ends.code ?? "completed"} in cycle ${ends.cycle}`;
  return `it is ${status}, ${error?.code ?? verdict} in cycle ${cycle} instead of ${wanted}: ${error?.message ?? ""}`;
}

/** What the wire has seen, against what the bound says: 2 calls before the first cycle, 3 in each, 1 or 2 after the last. */
function problemOfCalls(calls: number, { ends }: Course): string | null {
  const [before, eachCycle, after] = [2, 3, ends.code === null ? 2 : 1];
  const whole = before + eachCycle * (ends.cycle + 1) + after;
  // Asked twice more for an answer that can be used, and then QA is not asked any more.
  const most = ends.code === "invalid_output" ? whole + 2 - 1 : whole;
  return calls === most ? null : `the model was asked ${calls} times instead of ${most}`;
}

type Judged = Extract<WorkflowEvent, { type: "cycle.judged" }>["payload"];

/** The best tree is never worse than another, can be had, and is what the fixer wrote then. */
async function problemOfBest(bench: TrustBench, run: Run, course: Course): Promise<string | null> {
  const judged = run.events.flatMap((event) => (event.type === "cycle.judged" ? [event.payload] : []));
  const { best } = run.state.head.progress;
  const last = judged.at(-1);
  if (!best || !last) return "no cycle was judged";
  const better = judged.find((one) => isBetter(one, best));
  if (better) return `cycle ${better.cycle} was better than the best, which is cycle ${best.cycle}`;
  const known = judged.find(({ cycle }) => cycle === best.cycle);
  if (known?.tree_hash !== best.tree_hash) return `the best is not what was judged in cycle ${best.cycle}`;
  const trees = [await bench.treeOf(run.id, "best"), await bench.treeOf(run.id, `cycle-${best.cycle}`)];
  const written = course.text(best.cycle);
  if (trees.some((tree) => tree.size !== 1 || tree.get(PATH) !== written))
    return `the best tree is not that of cycle ${best.cycle}`;
  const latest = lastText(course, last.cycle);
  return run.tree.get(PATH) === latest ? null : "the latest tree is not what was written last";
}

function lastText(course: Course, cycle: number): string | null {
  return course.text(cycle) ?? (cycle === 0 ? null : lastText(course, cycle - 1));
}

function isBetter(one: Pick<Judged, "open_musts" | "blocking">, other: typeof one): boolean {
  return one.open_musts === other.open_musts
    ? one.blocking < other.blocking
    : one.open_musts < other.open_musts;
}
