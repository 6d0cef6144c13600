import { proveCase } from "../../trust/defects/defect-case.ts";
import { drawCases, whyNot } from "../../trust/defects/defect-cases.ts";
import { type Play, VARIANTS } from "../../trust/defects/job-script.ts";
import { KINDS } from "../../trust/defects/job.ts";
import { severalAtOnce } from "../../trust/several-at-once.ts";
import { TrustBench } from "../../trust/trust-bench.ts";
import type { Figures } from "../rehearsal.ts";
import { spreadOf } from "../tally.ts";
import type { Experiment } from "./experiment.ts";

/** Each has commands of its own that want a processor. */
const AT_ONCE = 3;

/** Work with one thing wrong in it, of which QA says that all is well. */
export const plantedDefects: Experiment = {
  name: "planted-defects",
  summary:
    "a program, a package, a guide and an analysis end verified; with one defect each they do not, until it is mended",
  unit: "workflows",
  stores: ["sqlite"],
  sizes: { small: 12, usual: 40, full: 318 },
  run: async ({ size, seed, store, say }) => {
    const bench = await TrustBench.open();
    try {
      const unavailable = await bench.unavailable();
      if (unavailable !== null) {
        say(`unavailable: ${unavailable}`);
        return { kept: null, store, seed, size: 0, unavailable };
      }
      const cases = drawCases(seed, size);
      const times: number[] = [];
      await severalAtOnce(cases, AT_ONCE, async (play) => {
        const began = performance.now();
        await proveCase(bench, play);
        times.push(performance.now() - began);
        if (times.length % 20 === 0) say(`${times.length} workflows ended as they should`);
      });
      return { store, seed, size: cases.length, ...figuresOf(cases), workflow_ms: spreadOf(times) };
    } finally {
      await bench.close();
    }
  },
};

function figuresOf(cases: readonly Play[]): Figures {
  const kinds = KINDS.map((kind) => {
    const reason = whyNot(kind);
    if (reason !== null) return [kind, { unavailable: reason }];
    const own = cases.filter(({ job }) => job.kind === kind);
    const counts = VARIANTS.map((variant) => [variant, own.filter((one) => one.variant === variant).length]);
    const planted = own.filter(({ variant }) => variant === "planted");
    const defects = new Set(planted.map(({ defect }) => defect?.name)).size;
    return [kind, { ...Object.fromEntries(counts), different_defects_caught: defects }];
  });
  return { kinds: Object.fromEntries(kinds) as Figures };
}
