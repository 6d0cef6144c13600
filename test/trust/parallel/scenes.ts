import type { PlannedTask } from "../../../src/core/documents.ts";
import type { Chance } from "../../chaos/chance.ts";
import { task, writing, written } from "../plain-answers.ts";
import type { Run } from "../trust-bench.ts";
import type { Asked, Said } from "../wire-model.ts";
import type { Rendezvous } from "./rendezvous.ts";

export type Scene = {
  readonly tasks: readonly PlannedTask[];
  /** Tasks that must be in flight at the same time before those that wait are answered. */
  readonly awaited: readonly string[];
  readonly waits: (key: string) => boolean;
  readonly work: (key: string, asked: Asked) => Said;
  /** What is wrong with how it ended, null when nothing is. */
  readonly problem: (run: Run, met: Rendezvous) => string | null;
};

export type SceneMaker = (chance: Chance) => Scene;

/** As many as the engine runs of one workflow at the same time by default. */
const MOST_TASKS = 4;
const SHARED = "shared.md";

const apart: SceneMaker = (chance) => {
  const keys = drawKeys(chance, chance.between(3, MOST_TASKS));
  return {
    tasks: keys.map((key) => task({ key, writes: [`${key}.md`] })),
    awaited: keys,
    waits: () => true,
    work: (key) => ownFile(key),
    problem: (run, { most }) =>
      most === keys.length
        ? hasFiles(run, keys)
        : `only ${most} of ${keys.length} tasks were in flight together`,
  };
};

const moreThanAllowed: SceneMaker = (chance) => {
  const keys = drawKeys(chance, MOST_TASKS + 3);
  return {
    tasks: keys.map((key) => task({ key, writes: [`${key}.md`] })),
    awaited: keys.slice(0, MOST_TASKS),
    waits: () => true,
    work: (key) => ownFile(key),
    problem: (run, { most }) =>
      most === MOST_TASKS
        ? hasFiles(run, keys)
        : `${most} tasks were in flight together instead of ${MOST_TASKS}`,
  };
};

/** Both say that they write it. The first waits until tasks that were planned later have been and gone. */
const declared: SceneMaker = (chance) => {
  const [one = "", other = "", third = "", fourth = ""] = drawKeys(chance, 4);
  const [wide, narrow] = chance.pick([
    [[SHARED], [SHARED]],
    [["pages/"], ["pages/a.md"]],
    [["pages/"], ["other.md", "pages/deep/"]],
  ]);
  return {
    tasks: [
      task({ key: one, writes: [...(wide ?? [])] }),
      task({ key: other, writes: [...(narrow ?? [])] }),
      task({ key: third, writes: [`${third}.md`] }),
      task({ key: fourth, writes: [`${fourth}.md`], depends_on: [third] }),
    ],
    awaited: [fourth],
    waits: (key) => key === one || key === other,
    work: (key) => ownFile(key),
    problem: (run, met) => {
      if (met.missing.length > 0) return "tasks that have nothing to do with it waited too";
      if (met.wereTogether(one, other)) return "tasks that write the same path were in flight together";
      return overlapInJournal(run, one, other) ?? hasFiles(run, [one, other, third, fourth]);
    },
  };
};

type Addition = (key: string, asked: Asked) => Said;

/** Nobody says that he writes the file, all do, and all begin before the first has ended. */
function undeclared(add: Addition, beside: Readonly<Record<string, string>> = {}): SceneMaker {
  return (chance) => {
    const keys = drawKeys(chance, chance.between(2, 3));
    return {
      tasks: [
        task({ key: "begin", writes: [SHARED] }),
        ...keys.map((key) => task({ key, depends_on: ["begin"] })),
      ],
      awaited: keys,
      waits: (key) => key !== "begin",
      work: (key, asked) =>
        key === "begin" ? { answer: writing({ [SHARED]: beginning(keys), ...beside }) } : add(key, asked),
      problem: (run, { most }) => {
        if (most !== keys.length) return `only ${most} of ${keys.length} tasks were in flight together`;
        const conflicts = run.events.filter(
          ({ type, payload }) =>
            type === "step.failed" && "code" in payload && payload.code === "conflicting_output",
        );
        if (conflicts.length < keys.length - 1) return `${conflicts.length} conflicts were seen`;
        const text = run.tree.get(SHARED) ?? "";
        const lost = keys.filter((key) => text.split(lineOf(key)).length !== 2);
        return lost.length === 0
          ? null
          : `the changes of ${lost.join(", ")} are not once in ${JSON.stringify(text)}`;
      },
    };
  };
}

const byEdit: Addition = (key, { call }) => {
  if (call > 1) return { answer: written("It is edited.") };
  const given = { path: SHARED, old_text: placeOf(key), new_text: lineOf(key) };
  return { calls: [{ name: "edit_file", given }] };
};

const byCommand: Addition = (key, { call }) => {
  if (call > 1) return { answer: written("It is added.") };
  const command = `sed -i 's/${placeOf(key).trim()}/${lineOf(key).trim()}/' ${SHARED}`;
  return { calls: [{ name: "run_command", given: { command } }] };
};

/** Reads the whole file, and writes the whole file. */
const byRewriting: Addition = (key, { call, told }) => {
  if (call === 1) return { calls: [{ name: "read_file", given: { path: SHARED } }] };
  const content = lastToolResult(told)
    .replaceAll(/^\d+\t/gm, "")
    .replace(placeOf(key), lineOf(key));
  return { answer: writing({ [SHARED]: content }) };
};

/** Writes the whole file as far as it is shown; what is not shown it can't know of. */
const asShown: Addition = (key, { told }) => {
  const shown = [...new Set(told.match(LINE) ?? [])];
  const lines = shown.map((line) => (line === placeOf(key).trim() ? lineOf(key) : `${line}\n`));
  return { answer: writing({ [SHARED]: `# Shared\n\n${lines.join("\n")}\nIt ends here.\n` }) };
};

/** More than is shown of a tree, and in its order before what matters. */
const LARGE = { "appendix.md": "A line that is long enough to fill a page with it.\n".repeat(5_000) };

function lastToolResult(told: string): string {
  const { messages } = JSON.parse(told) as { messages: readonly { role: string; content: string }[] };
  return messages.findLast(({ role }) => role === "tool")?.content ?? "";
}

export const SCENES = {
  apart,
  "more than allowed": moreThanAllowed,
  "same path, declared": declared,
  "same path, edited": undeclared(byEdit),
  "same path, rewritten": undeclared(byRewriting),
  "same path, by a command": undeclared(byCommand),
  "same path, beside much else": undeclared(asShown, LARGE),
} as const satisfies Readonly<Record<string, SceneMaker>>;
export type SceneName = keyof typeof SCENES;

function beginning(keys: readonly string[]): string {
  return `# Shared\n\n${keys.map(placeOf).join("\n")}\nIt ends here.\n`;
}

function placeOf(key: string): string {
  return `place of ${key}\n`;
}

function lineOf(key: string): string {
  return `line by ${key}\n`;
}

function ownFile(key: string): Said {
  return { answer: writing({ [`${key}.md`]: `# Page ${key}\n` }) };
}

function hasFiles({ tree }: Run, keys: readonly string[]): string | null {
  const missing = keys.filter((key) => !tree.has(`${key}.md`));
  return missing.length === 0 ? null : `nothing was written by ${missing.join(", ")}`;
}

function overlapInJournal({ events }: Run, one: string, other: string): string | null {
  const timeOf = (key: string): readonly [number, number] => {
    const own = events.filter(({ step_id }) => step_id === `task:${key}`);
    const at = (type: string): number => own.findLast((event) => event.type === type)?.seq ?? 0;
    return [at("step.started"), at("step.completed")];
  };
  const [[begun, ended], [alsoBegun, alsoEnded]] = [timeOf(one), timeOf(other)];
  return ended < alsoBegun || alsoEnded < begun ? null : "tasks that write the same path ran together";
}

const NAMES = ["ash", "beech", "cedar", "elm", "fir", "hazel", "larch", "maple", "oak", "pine"] as const;
const LINE = new RegExp(`(?:place of|line by) (?:${NAMES.join("|")})\\b`, "g");

function drawKeys(chance: Chance, count: number): string[] {
  const left: string[] = [...NAMES];
  return Array.from({ length: count }, () => left.splice(chance.between(0, left.length - 1), 1)[0] ?? "");
}
