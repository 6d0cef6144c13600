import type { AcceptanceCriterion, PlannedTask } from "../../../src/core/documents.ts";
import type { RoleOutputs } from "../../../src/core/role-output.ts";
import { brief, closing, contract, design, must, rubric, task, written } from "../plain-answers.ts";
import type { Asked, Said, Script, ToolCall } from "../wire-model.ts";
import { type Change, changed, type Defect, filesOf, type Job } from "./job.ts";

/**
 * `sound` is well made; `planted` has the defect, and its repair mends nothing; `mended` has it, and its repair takes it
 * away; `unchecked` has it under a contract without checks, so that only QA's good word is left.
 */
export const VARIANTS = ["sound", "planted", "mended", "unchecked"] as const;
export type Variant = (typeof VARIANTS)[number];

export type Play = { readonly job: Job; readonly variant: Variant; readonly defect: Defect | null };

/** What stands in a file until it is edited: every task uses `edit_file` at least once. */
const DRAFT = "<draft>";
const SAID_MET = "It is as it should be.";

/** Everything that the models of one workflow say. Whatever is planted, QA is content. */
export function jobScript(play: Play): Script {
  const { job } = play;
  return (asked) => {
    switch (asked.role) {
      case "director":
        return { answer: brief(job.mode, job.title) };
      case "project_manager":
        return { answer: contract(criteriaOf(play)) };
      case "architect":
        return { answer: design(asked.cycle === 0 ? tasksOf(job) : [mendTask(job)]) };
      case "implementer":
        return implement(play, asked);
      case "qa":
        return judge(play, asked);
      default:
        return { answer: closing(asked.role === "finalizer" ? "finalizer" : "refiner") };
    }
  };
}

/** The files as they are after the defect was planted. */
export function plantedTree({ job, defect }: Play): ReadonlyMap<string, string> {
  return changed(filesOf(job), defect?.plant ?? []);
}

function criteriaOf({ job, variant }: Play): readonly AcceptanceCriterion[] {
  if (variant !== "unchecked") return job.criteria;
  return job.criteria.map(({ id, text }) => must(id, text, rubric(`Is it so: ${text}`)));
}

function tasksOf(job: Job): PlannedTask[] {
  const keys = Object.keys(job.tasks);
  return keys.map((key, index) => task({ key, depends_on: keys.slice(0, index) }));
}

function mendTask({ criteria }: Job): PlannedTask {
  return task({ key: "mend", criteria: criteria.map(({ id }) => id) });
}

function implement(play: Play, { step, call }: Asked): Said {
  const key = step.slice("task:".length);
  const rounds = key === "mend" ? mending(play) : making(play, key);
  const calls = rounds[call - 1];
  return calls ? { calls } : { answer: written(key === "mend" ? "It is mended." : `${key} is there.`) };
}

/** Writes the files of a task, edits what is left to edit, and runs what shows whether they work. */
function making({ job, variant, defect }: Play, key: string): ToolCall[][] {
  const files = Object.entries(job.tasks[key] ?? {});
  const own = new Set(files.map(([path]) => path));
  const [first] = files;
  const writes = files.map(([path, content]) =>
    writeFile(path, path === first?.[0] ? `${content}${DRAFT}` : content),
  );
  const plant =
    variant === "sound" || defect === null ? [] : defect.plant.filter(({ path }) => own.has(path));
  const edits = first ? [editFile(first[0], DRAFT, "")] : [];
  return [writes, [...edits, ...plant.map(toCall)], runs(job, key)];
}

/** Takes the defect away, or changes something that has nothing to do with it. */
function mending(play: Play): ToolCall[][] {
  const { job, variant, defect } = play;
  if (variant !== "mended" || defect === null) return [[writeFile("NOTES.md", "# Notes\n\nIt is mended.\n")]];
  const planted = plantedTree(play);
  const touched = [...new Set(defect.plant.map(({ path }) => path))];
  const keys = Object.keys(job.tasks).filter((key) => key in job.tries);
  return [
    touched.map((path) => readFile(path)),
    defect.plant.map((change) => undo(change, planted, filesOf(job))),
    keys.flatMap((key) => runs(job, key)),
  ];
}

type Tree = ReadonlyMap<string, string>;

/** An edit where the passage can be named, else the whole file. */
function undo(change: Change, planted: Tree, sound: Tree): ToolCall {
  const isOnlyOne = "from" in change && planted.get(change.path)?.split(change.to).length === 2;
  if (isOnlyOne) return editFile(change.path, change.to, change.from);
  return writeFile(change.path, sound.get(change.path) ?? "");
}

function toCall(change: Change): ToolCall {
  if ("from" in change) return editFile(change.path, change.from, change.to);
  const { path, content } = change;
  return content === null ? { name: "delete_file", given: { path } } : writeFile(path, content);
}

function runs({ tries }: Job, key: string): ToolCall[] {
  const command = tries[key];
  return command === undefined ? [] : [{ name: "run_command", given: { command } }];
}

function writeFile(path: string, content: string): ToolCall {
  return { name: "write_file", given: { path, content } };
}

function editFile(path: string, old_text: string, new_text: string): ToolCall {
  return { name: "edit_file", given: { path, old_text, new_text } };
}

function readFile(path: string): ToolCall {
  return { name: "read_file", given: { path } };
}

/** Looks at the tree and finds everything met, whatever is in it. */
function judge(play: Play, { call }: Asked): Said {
  const { job } = play;
  const [path = ""] = filesOf(job).keys();
  if (call === 1) return { calls: [{ name: "list_files", given: {} }, readFile(path)] };
  const criteria = job.criteria.map(({ id }): RoleOutputs["qa"]["criteria"][number] => {
    const seen = job.seen[id];
    const citation = seen ? { ...seen, line: null } : { path, line: 1, quote: null };
    return { id, verdict: "met", evidence: SAID_MET, citations: [citation] };
  });
  return { answer: { criteria, findings: [], summary: "Everything is as it should be." } };
}
