/** A command longer than anybody reads counts as one that says nothing. */
const LONGEST = 20_000;

/** The last of several commands decides how all of them end; of `a && b` each does. */
export function decidingParts(command: string): readonly string[] {
  if (command.length > LONGEST) return [""];
  const [last = ""] = listsOf(command).slice(-1);
  const [alternative = ""] = last.split("||").slice(-1);
  const piped = alternative.split("|");
  return (piped.at(-1) ?? "").split("&&").map((part) => part.trim());
}

/**
 * With which exit code a command ends whatever the tree holds, or null when that depends on the tree. Knows the usual ways
 * to say nothing, not every one.
 */
export function constantExit(command: string): number | null {
  return command.length > LONGEST ? 0 : exitWithin(command, DEEPEST);
}

/** Commands inside of commands are followed so far; whoever nests them deeper is not understood. */
const DEEPEST = 8;

function exitWithin(command: string, depth: number): number | null {
  if (depth === 0) return null;
  const given = bare(command);
  const inner = SHELL.exec(given)?.groups?.command ?? GROUP.exec(given)?.groups?.command;
  if (inner !== undefined) return exitWithin(inner, depth - 1);
  if (/(?<![&>])&$/.test(given)) return 0;
  const choice = choiceIn(given);
  if (choice) {
    const [ifSo, ifNot] = choice.map((branch) => exitWithin(branch, depth - 1));
    return ifSo === ifNot ? (ifSo ?? null) : null;
  }
  const lists = listsOf(command);
  const within = { isPiped: command.includes("pipefail"), depth };
  // Under `set -e` every one of them may end it.
  for (const list of ERREXIT.test(given) ? lists.slice(0, -1) : []) {
    const end = endOfChoice(list, within);
    if (end !== 0) return end;
  }
  return endOfChoice(lists.at(-1) ?? "", within);
}

const ERREXIT = /^set\s+-\w*e/;

type Within = { readonly isPiped: boolean; readonly depth: number };

function endOfChoice(list: string, within: Within): number | null {
  const ends = list.split("||").map((alternative) => endOfAll(alternative, within));
  if (ends.includes(0)) return 0;
  return ends.every((end) => end !== null) ? (ends.at(-1) ?? null) : null;
}

/** What is done in either case by an `if` around all of it. */
function choiceIn(given: string): readonly string[] | null {
  if (!/^if\s/.test(given)) return null;
  const end = given.search(/[;\n]\s{0,20}fi$/);
  const then = /[;\n]\s{0,20}then\s/.exec(given);
  if (end < 0 || !then) return null;
  const branches = given.slice(then.index + then[0].length, end);
  const otherwise = /[;\n]\s{0,20}else\s/.exec(branches);
  if (!otherwise) return [branches, ":"];
  return [branches.slice(0, otherwise.index), branches.slice(otherwise.index + otherwise[0].length)];
}

/** Whether it prints the same whatever the tree holds. */
export function printsTheSame(command: string): boolean {
  if (command.length > LONGEST) return true;
  const parts = listsOf(command).flatMap((list) => list.split(/\|\||&&|\|/));
  return parts.every((part) => endOf(part.trim(), DEEPEST) !== null && !/\$\(|`/.test(part));
}

const SHELL = /^(?:\S*\/)?(?:ba|da|z)?sh\s+-l?c\s+(?<quote>['"]?)(?<command>.*)\k<quote>$/s;
/** One group around all of it. */
const GROUP = /^(?:\((?<command>[^()]*)\)|\{\s(?<command>[^{}]*)\})$/s;
/** Words before a command that leave its end as it is. */
const PREFIX = /^(env|command|eval|exec|time|nohup|timeout\s+\S+)\s+/;

/** Lists of commands, one after the other, without comments and redirections of one output into another. */
export function listsOf(command: string): string[] {
  return bare(command)
    .split(/;|\n|(?<!&)&(?!&)/)
    .map((list) => list.trim())
    .filter((list) => list !== "");
}

function bare(command: string): string {
  return command
    .replaceAll(/(^|\s)#.*$/gm, "$1")
    .replaceAll(/\d?>&\d|&>/g, " ")
    .trim();
}

function endOfAll(list: string, { isPiped, depth }: Within): number | null {
  const pipe = list.split("|");
  const last = pipe.at(-1) ?? "";
  if (pipe.length > 1 && !isPiped && PASSES_ON.test(last.trim())) return 0;
  for (const part of last.split("&&")) {
    const end = endOf(part.trim(), depth);
    if (end !== 0) return end;
  }
  return 0;
}

/** What takes its input from a pipe and ends with 0 whatever that was. */
const PASSES_ON = /^(cat|tail|head|tee|less|more|sort|uniq|wc|sed|tr|cut|nl|fold|column)\b/;
const ALWAYS_0: readonly RegExp[] = [
  /^(true|:|\/(usr\/)?bin\/true|pwd|whoami|date\b.*|wait|set\s+[-+]\S+(\s+pipefail)?|sleep\s+\S+|echo\b.*|printf\b.*)$/s,
  /^(ls(\s+-\w+)*(\s+\.)?|(test|\[)\s+-[de]\s+\.\/?(\s+\])?)$/,
  /^node\s+(-e|--eval|-p|--print)\s+(['"])\s{0,3}(console\.log\()?\s{0,3}(\d+|"[^"]*"|'[^']*'|true)?\s{0,3}\)?\s{0,3};?\2$/,
  /^node\s+(-e|--eval|-p|--print)\s+\d+$/,
  /^(cd(\s+[.~])?|mkdir\s+-p\s+\S+|touch\s+\S+)$/,
  /^\S+\s+(-v|-V|--version|version)$/,
  /^node\s+(-e|--eval)\s+(['"])(process\.exit\(0?\);?)?\2$/,
  /^(test|\[\[?)\s+['"]?\w+['"]?(\s*\]\]?)?$/,
  /^(test|\[\[?)\s{1,20}(\S{1,200})\s{0,20}(=|==|-eq)\s{0,20}\2(\s{0,20}\]\]?)?$/,
];

function endOf(given: string, depth: number): number | null {
  if (depth === 0) return null;
  const negated = /^!\s+(.*)$/s.exec(given)?.[1];
  if (negated !== undefined) {
    const end = endOf(negated, depth - 1);
    return end === null ? null : Number(end === 0);
  }
  const part = given.replace(PREFIX, "");
  if (part !== given) return endOf(part, depth - 1);
  if (GROUP.test(part)) return exitWithin(part, depth - 1);
  const exit = /^exit\s+(?:(\d+)|\$\(\(\s{0,9}(\d+)\s{0,9}\)\))$/.exec(part);
  if (exit) return Number(exit[1] ?? exit[2]);
  if (part === "false") return 1;
  return ALWAYS_0.some((pattern) => pattern.test(part)) ? 0 : null;
}
