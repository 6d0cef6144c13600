import type { EscapeCase, EscapeCorpus } from "../../escapes/escape-corpus.ts";
import { filesCorpus } from "../../escapes/files/files-corpus.ts";
import { gitCorpus } from "../../escapes/git/git-corpus.ts";
import { sandboxCorpus } from "../../escapes/sandbox/sandbox-corpus.ts";
import { ssrfCorpus } from "../../escapes/ssrf/ssrf-corpus.ts";
import { Chance } from "../chance.ts";
import { provenWrong } from "../proven-wrong.ts";
import type { Figures } from "../rehearsal.ts";
import type { Experiment } from "./experiment.ts";

const CORPORA: readonly EscapeCorpus[] = [sandboxCorpus, filesCorpus, gitCorpus, ssrfCorpus];

/** Everything that somebody might try to get out of where he belongs. */
export const escapes: Experiment = {
  name: "escapes",
  summary: "out of the sandbox, the workspace, git, and into the inner network: nothing gets out",
  unit: "cases of each corpus",
  stores: ["sqlite"],
  sizes: { small: 8, usual: 40, full: 1_000 },
  run: async ({ size, seed, say }) => {
    const figures: Record<string, unknown> = {};
    for (const corpus of CORPORA) figures[corpus.name] = await tryAll(corpus, { size, seed, say });
    return figures;
  },
};

type Options = {
  readonly size: number;
  readonly seed: string;
  readonly say: (line: string) => void;
};

async function tryAll(corpus: EscapeCorpus, { size, seed, say }: Options): Promise<Figures> {
  const opened = await corpus.open();
  if ("unavailable" in opened) {
    say(`${corpus.name}: unavailable: ${opened.unavailable}`);
    return { unavailable: opened.unavailable };
  }
  try {
    const { cases } = opened;
    if (cases.length < corpus.least)
      throw provenWrong("the_experiment_hit", `${corpus.name} has ${cases.length} of ${corpus.least} cases`);
    const chosen = drawn(cases, size, new Chance(seed, corpus.name));
    let controlsHeld = 0;
    for (const one of chosen) controlsHeld += (await tryOne(corpus.name, one)) ? 1 : 0;
    say(`${corpus.name}: ${chosen.length} of ${cases.length} cases, nothing got out`);
    return { cases: chosen.length, of: cases.length, escaped: 0, controls_held: controlsHeld };
  } finally {
    await opened.close();
  }
}

/** Whether the negative control held, which only those may that say why. */
async function tryOne(corpus: string, one: EscapeCase): Promise<boolean> {
  const guarded = await one.attempt(true);
  if (guarded.kind === "escaped")
    throw provenWrong("nothing_gets_out", `${corpus}: ${one.name}: ${guarded.what}`);
  const control = await one.attempt(false);
  if (control.kind === "escaped") return false;
  if (one.controlMayHold === null)
    throw provenWrong("the_test_can_fail", `${corpus}: ${one.name} is contained without its guard, too`);
  return true;
}

function drawn(cases: readonly EscapeCase[], size: number, chance: Chance): readonly EscapeCase[] {
  const left = [...cases];
  const chosen: EscapeCase[] = [];
  while (chosen.length < size && left.length > 0) {
    chosen.push(...left.splice(chance.between(0, left.length - 1), 1));
  }
  return chosen;
}
