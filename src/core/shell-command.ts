/** The last of several commands decides how all of them end; of `a && b` each does. */
export function decidingParts(command: string): readonly string[] {
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
  const given = bare(command);
  const inner = SHELL.exec(given)?.groups?.command ?? GROUP.exec(given)?.groups?.command;
  if (inner !== undefined) return constantExit(inner);
  if (/(?<![&>])&$/.test(given)) return 0;
  const choice = CHOICE.exec(given);
  if (choice) {
    const [, ifSo = "", ifNot = ":"] = choice;
    const end = constantExit(ifSo);
    return end === constantExit(ifNot) ? end : null;
  }
  const [last = ""] = listsOf(command).slice(-1);
  const ends = last.split("||").map((alternative) => endOfAll(alternative, /pipefail/.test(command)));
  if (ends.includes(0)) return 0;
  return ends.every((end) => end !== null) ? (ends.at(-1) ?? null) : null;
}

/** Whether it prints the same whatever the tree holds. */
export function printsTheSame(command: string): boolean {
  const parts = listsOf(command).flatMap((list) => list.split(/\|\||&&|\|/));
  return parts.every((part) => endOf(part.trim()) !== null && !/\$\(|`/.test(part));
}

const SHELL = /^(?:\S*\/)?(?:ba|da|z)?sh\s+-l?c\s+(?<quote>['"]?)(?<command>.*)\k<quote>$/s;
/** One group around all of it. */
const GROUP = /^(?:\((?<command>[^()]*)\)|\{\s(?<command>[^{}]*)\})$/s;
const CHOICE = /^if\s.*?[;\n]\s*then\s(.*?)(?:[;\n]\s*else\s(.*?))?[;\n]\s*fi$/s;
/** Words before a command that leave its end as it is. */
const PREFIX = /^(env|command|eval|exec|time|nohup|timeout\s+\S+)\s+/;

/** Lists of commands, one after the other, without comments and redirections of one output into another. */
function listsOf(command: string): string[] {
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

function endOfAll(list: string, isPiped: boolean): number | null {
  const pipe = list.split("|");
  const last = pipe.at(-1) ?? "";
  if (pipe.length > 1 && !isPiped && PASSES_ON.test(last.trim())) return 0;
  for (const part of last.split("&&")) {
    const end = endOf(part.trim());
    if (end !== 0) return end;
  }
  return 0;
}

/** What takes its input from a pipe and ends with 0 whatever that was. */
const PASSES_ON = /^(cat|tail|head|tee|less|more|sort|uniq|wc|sed|tr|cut|nl|fold|column)\b/;
const ALWAYS_0: readonly RegExp[] = [
  /^(true|:|\/(usr\/)?bin\/true|pwd|whoami|date\b.*|sleep\s+\S+|echo\b.*|printf\b.*)$/s,
  /^(ls(\s+-\w+)*(\s+\.)?|(test|\[)\s+-[de]\s+\.\/?(\s+\])?)$/,
  /^node\s+(-e|--eval|-p|--print)\s+(['"])\s*(console\.log\()?\s*(\d+|"[^"]*"|'[^']*'|true)?\s*\)?\s*;?\2$/,
  /^(cd(\s+[.~])?|mkdir\s+-p\s+\S+|touch\s+\S+)$/,
  /^\S+\s+(-v|-V|--version|version)$/,
  /^node\s+(-e|--eval)\s+(['"])(process\.exit\(0?\);?)?\2$/,
  /^(test|\[\[?)\s+['"]?\w+['"]?(\s*\]\]?)?$/,
  /^(test|\[\[?)\s+(\S+)\s*(=|==|-eq)\s*\2(\s*\]\]?)?$/,
];

function endOf(given: string): number | null {
  const negated = /^!\s+(.*)$/s.exec(given)?.[1];
  if (negated !== undefined) {
    const end = endOf(negated);
    return end === null ? null : Number(end === 0);
  }
  const part = given.replace(PREFIX, "");
  if (part !== given) return endOf(part);
  if (GROUP.test(part)) return constantExit(part);
  const exit = /^exit\s+(\d+)$/.exec(part);
  if (exit) return Number(exit[1]);
  if (part === "false") return 1;
  return ALWAYS_0.some((pattern) => pattern.test(part)) ? 0 : null;
}
