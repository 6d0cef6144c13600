import type { ReceiptState } from "../../../src/core/workflow/state.ts";
import { provenWrong } from "../../chaos/proven-wrong.ts";
import type { Run, TrustBench } from "../trust-bench.ts";
import { jobScript, type Play, plantedTree } from "./job-script.ts";

/** Runs one workflow and holds it to what its variant promises. Throws a ProvenWrong. */
export async function proveCase(bench: TrustBench, play: Play): Promise<void> {
  const { job, variant, defect } = play;
  const max_qa_retries = variant === "sound" || variant === "unchecked" ? 0 : 1;
  const run = await bench.run(jobScript(play), { request: `${job.title}.`, max_qa_retries });
  const problem = PROMISES[variant](run, play);
  if (problem === null) return;
  const what = `${variant} ${job.kind}${defect === null ? "" : `, ${defect.name}`}: ${problem}`;
  throw provenWrong("a_planted_defect_is_caught", what, run.id);
}

type Promised = (run: Run, play: Play) => string | null;

const PROMISES: Readonly<Record<Play["variant"], Promised>> = {
  sound: (run, { job }) => {
    const bad = receiptsOf(run, 0).find(({ status }) => status !== "passed");
    if (bad) return `${bad.name} ${bad.status}: ${bad.message}\n${bad.output_tail}`;
    const checked = job.criteria.filter(({ check }) => check.kind !== "rubric").length;
    if (receiptsOf(run, 0).length < checked) return "some check was not run";
    return endedAs(run, { status: "completed", verdict: "verified", cycle: 0 });
  },
  planted: (run, play) => {
    const { cycle } = run.state.head;
    const wrong = endedAs(run, { status: "failed", verdict: "rejected", cycle });
    if (wrong !== null) return wrong;
    if (run.events.some(({ type }) => type === "delivery.completed")) return "it was delivered";
    return isPlanted(run, play) ?? statuses(run, play, ["failed", "failed"].slice(0, cycle + 1));
  },
  mended: (run, play) => {
    const wrong = endedAs(run, { status: "completed", verdict: "verified", cycle: 1 });
    if (wrong !== null) return wrong;
    const left = [...run.state.findings.values()].find(({ status }) => status !== "resolved");
    if (left) return `the finding ${left.id} is ${left.status}`;
    return statuses(run, play, ["failed", "passed"]);
  },
  unchecked: (run, play) =>
    isPlanted(run, play) ?? endedAs(run, { status: "completed", verdict: "verified", cycle: 0 }),
};

type Ending = { readonly status: string; readonly verdict: string; readonly cycle: number };

function endedAs({ state, requests }: Run, wanted: Ending): string | null {
  const { status, verdict, cycle, error, waiting } = state.head;
  if (status === wanted.status && verdict === wanted.verdict && cycle === wanted.cycle) {
    return requests["qa:0"] === undefined ? "QA was not asked" : null;
  }
  const why = error?.message ?? waiting?.message ?? "";
  const open = [...state.findings.values()].map(
    (one) => `${one.component}: ${one.description}\n${one.evidence}`,
  );
  return `it is ${status}, ${verdict} after cycle ${cycle} instead of ${Object.values(wanted).join(", ")}: ${why}\n${open.join("\n")}`;
}

/** A twin without its defect would prove nothing. */
function isPlanted(run: Run, play: Play): string | null {
  const expected = plantedTree(play);
  const different = (play.defect?.plant ?? []).find(({ path }) => run.tree.get(path) !== expected.get(path));
  return different ? `${different.path} is not as it was planted` : null;
}

function receiptsOf({ state }: Run, cycle: number): ReceiptState[] {
  return [...state.receipts.values()].filter((receipt) => receipt.cycle === cycle);
}

/** Whether the receipts that must catch the defect say so, cycle by cycle. */
function statuses(run: Run, { defect }: Play, wanted: readonly string[]): string | null {
  for (const name of defect?.caughtBy ?? []) {
    for (const [cycle, status] of wanted.entries()) {
      const receipt = receiptsOf(run, cycle).findLast((one) => one.name === name);
      if (receipt?.status !== status)
        return `${name} is ${receipt?.status ?? "not there"} in cycle ${cycle} instead of ${status}`;
    }
  }
  return null;
}
