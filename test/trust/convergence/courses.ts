import type { Chance } from "../../chaos/chance.ts";
import { answer, type CourseMaker, criteria, finding, none, READS_WELL, type Setting } from "./course.ts";

/** Nothing that anybody could be content with: each must end as stalled, within its bound. */
const newEachTime: CourseMaker = ({ chance, max_qa_retries }) => {
  const words = inAnyOrder(WORDS, chance);
  const isTied = chance.likely(0.5);
  return {
    criteria: criteria(0),
    text: (cycle) => answer([], `${words[cycle]} was mended`),
    findings: (cycle) => [
      finding(`The ${words[cycle + 1]} is not right.`, { criterion: isTied ? READS_WELL : null }),
    ],
    unmet: () => (isTied ? [READS_WELL] : []),
    ends: { code: "stalled", cycle: max_qa_retries },
  };
};

const wordForWord: CourseMaker = (setting) => {
  const [one = "", other = ""] = inAnyOrder(WORDS, setting.chance);
  return repeated(setting, () => finding(`The ${one} does not fit the ${other}.`));
};

/** The same words in another order, in another case, with other numbers and other signs. */
const otherOrder: CourseMaker = (setting) => {
  const words = inAnyOrder(WORDS, setting.chance).slice(0, 4);
  return repeated(setting, (cycle) => {
    const said = inAnyOrder(words, setting.chance).join(cycle % 2 === 0 ? " " : ", ");
    return finding(cycle % 3 === 0 ? `${said}!` : `${cycle}) ${said.toUpperCase()}`);
  });
};

/** Other words each time, but it says which finding it means. */
const otherWordsById: CourseMaker = (setting) => {
  const words = inAnyOrder(WORDS, setting.chance);
  return repeated(setting, (cycle) =>
    finding(`There is something about the ${words[cycle]}.`, { id: cycle === 0 ? null : "f1" }),
  );
};

/** Other words each time, and only the criterion tells that it is the same: its must stays open. */
const otherWordsByCriterion: CourseMaker = ({ chance, max_qa_retries }) => {
  const words = inAnyOrder(WORDS, chance);
  return {
    criteria: criteria(0),
    text: (cycle) => answer([], `${words[cycle]} was mended`),
    findings: (cycle) => [
      finding(`The ${words[cycle]} reads like the ${words[cycle + 1]}.`, { criterion: READS_WELL }),
    ],
    unmet: () => [READS_WELL],
    ends: { code: "stalled", cycle: max_qa_retries },
  };
};

/** The fixer tries something else each time, the reviewer goes on saying the same. */
function repeated(setting: Setting, said: (cycle: number) => ReturnType<typeof finding>) {
  const { max_qa_retries, stall_patience } = setting;
  return {
    criteria: criteria(0),
    text: (cycle: number) => answer([], `${WORDS[cycle]} was mended`),
    findings: (cycle: number) => [said(cycle)],
    unmet: none,
    ends: { code: "stalled", cycle: Math.min(max_qa_retries, stall_patience) },
  };
}

/** Two wrong answers by turns, each wrong in its own way: only the trees show the circle, from the third on. */
const twoWrongAnswers: CourseMaker = ({ chance, max_qa_retries, stall_patience }) => {
  const remarks = inAnyOrder(WORDS, chance);
  return {
    criteria: criteria(2),
    text: (cycle) => answer([1 + (cycle % 2)], remarks[cycle % 2] ?? ""),
    findings: none,
    unmet: none,
    ends: { code: "stalled", cycle: Math.min(max_qa_retries, stall_patience + 1) },
  };
};

/** Two wrong answers by turns, wrong in the same way. */
const twoAlikeAnswers: CourseMaker = ({ chance, max_qa_retries, stall_patience }) => {
  const remarks = inAnyOrder(WORDS, chance);
  return {
    criteria: criteria(1),
    text: (cycle) => answer([], remarks[cycle % 2] ?? ""),
    findings: none,
    unmet: none,
    ends: { code: "stalled", cycle: Math.min(max_qa_retries, stall_patience) },
  };
};

const nothingChanges: CourseMaker = ({ chance, max_qa_retries, stall_patience }) => {
  const text = answer([], chance.pick(WORDS));
  return {
    criteria: criteria(1),
    text: () => text,
    findings: none,
    unmet: none,
    ends: { code: "stalled", cycle: Math.min(max_qa_retries, stall_patience) },
  };
};

/** Three wrong answers by turns: the circle shows when the first comes again. */
const threeWrongAnswers: CourseMaker = ({ chance, max_qa_retries, stall_patience }) => {
  const remarks = inAnyOrder(WORDS, chance);
  return {
    criteria: criteria(3),
    text: (cycle) => answer([1 + (cycle % 3)], remarks[cycle % 3] ?? ""),
    findings: none,
    unmet: none,
    ends: { code: "stalled", cycle: Math.min(max_qa_retries, stall_patience + 2) },
  };
};

/** Two mistakes by turns in a text that is new each time: neither the tree nor the findings of one cycle are those of the last. */
const twoMistakes: CourseMaker = ({ chance, max_qa_retries }) => {
  const remarks = inAnyOrder(WORDS, chance);
  return {
    criteria: criteria(2),
    text: (cycle) => answer([1 + (cycle % 2)], remarks[cycle] ?? ""),
    findings: none,
    unmet: none,
    ends: { code: "stalled", cycle: max_qa_retries },
  };
};

/** Facts come and go; there are most of them in some cycle before the last. */
const worseAndBetter: CourseMaker = ({ chance, max_qa_retries, stall_patience }) => {
  const facts = 4;
  const peak = chance.between(0, max_qa_retries - 1);
  const held = Array.from({ length: max_qa_retries + 1 }, (_, cycle) =>
    drawFacts(chance, facts).slice(0, cycle === peak ? 3 : chance.between(0, 2)),
  );
  const sets = held.map((those) => String(those.toSorted((left, right) => left - right)));
  let stagnant = 0;
  const ended = sets.findIndex((set, cycle) => {
    stagnant = cycle > 0 && set === sets[cycle - 1] ? stagnant + 1 : 0;
    return cycle === max_qa_retries || stagnant >= stall_patience;
  });
  return {
    criteria: criteria(facts),
    text: (cycle) => answer(held[cycle] ?? [], `attempt ${cycle}`),
    findings: none,
    unmet: none,
    ends: { code: "stalled", cycle: ended },
  };
};

function drawFacts(chance: Chance, facts: number): number[] {
  const all = Array.from({ length: facts }, (_, index) => index + 1);
  return inAnyOrder(all, chance);
}

/** Each cycle brings one more fact: slow, but it gets there, whatever the patience is. */
const slowButSure: CourseMaker = ({ chance, max_qa_retries }) => {
  const facts = drawFacts(chance, max_qa_retries);
  return {
    criteria: criteria(max_qa_retries),
    text: (cycle) => answer(facts.slice(0, cycle), `attempt ${cycle}`),
    findings: none,
    unmet: none,
    ends: { code: null, cycle: max_qa_retries },
  };
};

/** Each cycle settles one of the reviewer's findings; he repeats the others. */
const fewerFindings: CourseMaker = ({ chance, max_qa_retries }) => {
  const words = inAnyOrder(WORDS, chance).slice(0, max_qa_retries);
  return {
    criteria: criteria(0),
    text: (cycle) => answer([], `attempt ${cycle}`),
    findings: (cycle) => words.slice(cycle).map((word) => finding(`The ${word} is not right.`)),
    unmet: none,
    ends: { code: null, cycle: max_qa_retries },
  };
};

/** Slow and sure, and one cycle short: that is no circle, and it must not be called one. */
const slowAndTooShort: CourseMaker = ({ chance, max_qa_retries }) => {
  const facts = drawFacts(chance, max_qa_retries + 1);
  return {
    criteria: criteria(facts.length),
    text: (cycle) => answer(facts.slice(0, cycle), `attempt ${cycle}`),
    findings: none,
    unmet: none,
    ends: { code: "repair_exhausted", cycle: max_qa_retries },
  };
};

/** A fixer who says that there is nothing left to do is asked again, and then it is over. */
const nothingIsSaid: CourseMaker = ({ chance }) => {
  const text = answer([], chance.pick(WORDS));
  return {
    criteria: criteria(1),
    text: (cycle) => (cycle === 0 ? text : null),
    findings: none,
    unmet: none,
    ends: { code: "invalid_output", cycle: 1 },
  };
};

export const COURSES = {
  "reviewer: new each time": newEachTime,
  "reviewer: word for word": wordForWord,
  "reviewer: other order": otherOrder,
  "reviewer: other words, by id": otherWordsById,
  "reviewer: other words, by criterion": otherWordsByCriterion,
  "fixer: two wrong answers": twoWrongAnswers,
  "fixer: two answers wrong alike": twoAlikeAnswers,
  "fixer: three wrong answers": threeWrongAnswers,
  "fixer: two mistakes by turns": twoMistakes,
  "fixer: the same again": nothingChanges,
  "fixer: worse and better": worseAndBetter,
  "fixer: nothing to do": nothingIsSaid,
  "progress: one fact more": slowButSure,
  "progress: one finding less": fewerFindings,
  "progress: too short": slowAndTooShort,
} as const satisfies Readonly<Record<string, CourseMaker>>;
export type CourseName = keyof typeof COURSES;

const WORDS = [
  "opening",
  "ending",
  "title",
  "argument",
  "example",
  "picture",
  "quotation",
  "number",
  "margin",
  "colour",
] as const;

function inAnyOrder<T>(values: readonly T[], chance: Chance): T[] {
  return values
    .map((value) => ({ value, at: chance.next() }))
    .toSorted((left, right) => left.at - right.at)
    .map(({ value }) => value);
}
