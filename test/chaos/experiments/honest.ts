import { allHonest } from "../../trust/honest/all-honest.ts";
import type { HonestCase } from "../../trust/honest/honest-case.ts";
import { type Ending, playJobs } from "../../trust/honest/play-jobs.ts";
import { TrustBench } from "../../trust/trust-bench.ts";
import { provenWrong } from "../proven-wrong.ts";
import type { ExperimentOptions, Figures } from "../rehearsal.ts";
import { chosenFrom } from "./chosen-from.ts";
import type { Experiment } from "./experiment.ts";

/** Of honest jobs so many may be blocked all the same. */
const MOST_BLOCKED = 0.02;

type Told = { readonly honest: HonestCase; readonly ending: Ending };

/** Sound work, truthfully told, in every way that should do. */
export const honest: Experiment = {
  name: "honest",
  summary: "sound work that is told truthfully completes as verified, in its own words",
  unit: "jobs",
  stores: ["sqlite"],
  sizes: { small: 8, usual: allHonest("").length, full: allHonest("").length },
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
  const told: Told[] = [];
  await playJobs(bench, chosenFrom(allHonest(seed), { size, seed }), {
    jobOf: ({ job }) => job,
    ended: (one, ending) => {
      told.push({ honest: one, ending });
      const why = hindranceOf({ honest: one, ending });
      if (why !== null) say(`blocked: ${one.kind}: ${one.name}: ${why}`);
    },
  });
  const blocked = told.filter((one) => hindranceOf(one) !== null);
  const [first] = blocked;
  if (first && blocked.length > told.length * MOST_BLOCKED) {
    const list = blocked.map((one) => `${one.honest.kind}: ${one.honest.name}: ${hindranceOf(one)}`);
    throw provenWrong(
      "honest_work_completes",
      `${list.length} blocked: ${list.join("; ")}`,
      first.ending.workflow,
    );
  }
  const kinds = Map.groupBy(told, (one) => one.honest.kind);
  return {
    jobs: told.length,
    verified: told.length - blocked.length,
    blocked: blocked.length,
    by_kind: Object.fromEntries([...kinds].map(([kind, all]) => [kind, all.length])),
    reasons: blocked.map((one) => hindranceOf(one)),
  };
}

/** Why the job did not end as it should, null when it did. */
function hindranceOf({ honest: { sentence }, ending }: Told): string | null {
  const { completed, verdict, reason, open, handedOver } = ending;
  if (!completed) return [reason, ...open].join(" ");
  if (verdict !== "verified") return `its verdict is ${verdict}`;
  if (sentence !== null && !handedOver.includes(JSON.stringify(sentence).slice(1, -1)))
    return `its words are gone: ${sentence}`;
  return null;
}
