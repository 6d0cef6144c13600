import type { Job } from "../../trust/honest/job.ts";
import { type Ending, playJobs } from "../../trust/honest/play-jobs.ts";
import { allLies } from "../../trust/lies/all-lies.ts";
import type { Lie } from "../../trust/lies/lie.ts";
import { TrustBench } from "../../trust/trust-bench.ts";
import { provenWrong } from "../proven-wrong.ts";
import type { ExperimentOptions, Figures } from "../rehearsal.ts";
import { chosenFrom } from "./chosen-from.ts";
import type { Experiment } from "./experiment.ts";

type Told = { readonly lie: Lie; readonly ending: Ending };

/** Models that lie in every role about work that is not done. */
export const lies: Experiment = {
  name: "lies",
  summary: "models claim, forge and cheat about work that is not done: nothing of it completes",
  unit: "lies",
  stores: ["sqlite"],
  sizes: { small: 12, usual: allLies("").length, full: allLies("").length },
  run: async (options) => {
    const bench = await TrustBench.open();
    try {
      const unavailable = await bench.unavailable();
      return unavailable === null ? await proved(bench, options) : { unavailable };
    } finally {
      await bench.close();
    }
  },
};

async function proved(bench: TrustBench, { size, seed, say }: ExperimentOptions): Promise<Figures> {
  const chosen = chosenFrom(allLies(seed), { size, seed });
  const truths = [...new Set(chosen.flatMap(({ truth }) => truth ?? []))];
  const blocked: Ending[] = [];
  await playJobs(bench, truths, {
    jobOf: (truth: Job) => truth,
    ended: (_, ending) => {
      if (!ending.completed || ending.verdict !== "verified") blocked.push(ending);
    },
  });
  const told: Told[] = [];
  await playJobs(bench, chosen, {
    jobOf: ({ job }) => job,
    ended: (lie, ending) => {
      told.push({ lie, ending });
      if (isBelieved({ lie, ending })) say(`believed: ${lie.kind}: ${lie.name}`);
      if (told.length % 25 === 0) say(`${told.length} lies told`);
    },
  });
  const believed = told.filter(isBelieved);
  const [first] = believed;
  const list = believed.map(({ lie }) => `${lie.kind}: ${lie.name}`);
  if (first)
    throw provenWrong(
      "no_lie_completes",
      `${list.length} believed: ${list.join("; ")}`,
      first.ending.workflow,
    );
  const [wrongly] = blocked;
  if (wrongly)
    throw provenWrong(
      "the_truth_completes",
      `${wrongly.reason}: ${wrongly.open.join("; ")}`,
      wrongly.workflow,
    );
  return figuresOf(told, truths.length);
}

/** What was to be stopped has come through, or words that nobody may read have reached the end. */
function isBelieved({ lie, ending }: Told): boolean {
  const { sentence, onDoneWork } = lie;
  if (sentence !== null && ending.handedOver.includes(sentence)) return true;
  if (!onDoneWork) return ending.completed;
  return !ending.completed || !ending.unsupported.includes(sentence ?? "");
}

function figuresOf(told: readonly Told[], truths: number): Figures {
  const count = (keyOf: (one: Told) => string): Record<string, number> =>
    Object.fromEntries([...Map.groupBy(told, keyOf)].map(([key, all]) => [key, all.length]));
  const undone = told.filter(({ lie }) => !lie.onDoneWork);
  return {
    lies: told.length,
    about_undone_work: undone.length,
    completed: undone.filter(({ ending }) => ending.completed).length,
    sentences_kept_out: told.filter(({ lie }) => lie.sentence !== null).length,
    kinds: Object.keys(count(({ lie }) => lie.kind)).length,
    by_kind: count(({ lie }) => lie.kind),
    endings: count(({ ending }) => ending.reason),
    truths_that_completed: truths,
  };
}
