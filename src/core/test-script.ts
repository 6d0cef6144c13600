import { constantExit, listsOf } from "./shell-command.ts";

/** Why the test script of a `package.json` proves less than it seems to; empty when there is nothing to say. */
export function scriptProblems(tree: ReadonlyMap<string, string>, titles: Titles): readonly string[] {
  const script = testScript(tree.get("package.json"));
  if (script === null || script.includes("no test specified")) return [];
  const problems: string[] = [];
  const silent = constantExit(script) === 0;
  if (silent || endsOtherwise(script))
    problems.push(`the test script of package.json can't fail: ${script.slice(0, MOST_SHOWN)}`);
  if (silent) return problems;
  const left = leftOut(script, titles);
  if (left !== null) problems.push(`the test script of package.json leaves tests out: ${left}`);
  return problems;
}

const MOST_SHOWN = 300;

/** The titles of tests, and those of the groups around them, by file. */
export type Titles = readonly { readonly tests: readonly string[]; readonly groups: readonly string[] }[];

function testScript(manifest: string | undefined): string | null {
  if (manifest === undefined) return null;
  try {
    const { scripts } = JSON.parse(manifest) as { readonly scripts?: { readonly test?: unknown } };
    return typeof scripts?.test === "string" ? scripts.test : null;
  } catch {
    // What is no JSON runs no tests: npm says so.
    return null;
  }
}

const RUNS_TESTS =
  /(^|[\s(/])(npm|pnpm|yarn|bun|deno|npx|vitest|jest|mocha|ava|tap|uvu|playwright|pytest|jasmine|karma|cypress|borp|tape|qunit|c8|nyc|tsc|tsx|ts-node|turbo|nx|make|go|cargo|tox|nox|unittest|docker|xvfb-run|wtr|cucumber(-js)?|eslint|oxlint|biome|prettier|standard|xo)\b/;
/** A script file, a directory, or Node's own runner. */
const RUNS_A_FILE =
  /^(\w{1,40}=\S{0,200}\s){0,9}((node|python3?|sh|bash)\s(-\S{1,200}\s){0,9}(--test\b|[\w./])|\.{1,2}\/)/;
const EVALUATES =
  /^(\w{1,40}=\S{0,200}\s){0,9}(node|python3?|sh|bash)\s(-\S{1,200}\s){0,9}-(e|p|c|-eval|-print)\b/;

/** Whether something else than the tests has the last word: `node --test; node -e 0`. */
function endsOtherwise(script: string): boolean {
  // Then each of them may end it.
  if (/^\s{0,20}set\s{1,20}-\w{0,9}e/.test(script)) return false;
  const plain = script.replaceAll(/"[^"]*"|'[^']*'/g, (text) => (/[;&|\n]/.test(text) ? '""' : text));
  const alternatives = listsOf(plain).flatMap((list) => list.split("||"));
  const last = alternatives.at(-1)?.trim() ?? "";
  if (!alternatives.slice(0, -1).some(runsTests) || runsTests(last)) return false;
  return !passesOnTheEnd(script, last.replaceAll(/[()]/g, " ").trim());
}

function runsTests(list: string): boolean {
  return list.split(/&&|\|/).some((given) => {
    const part = given.replaceAll(/[\s({]{1,20}/g, " ").trim();
    return RUNS_TESTS.test(part) || (RUNS_A_FILE.test(part) && !EVALUATES.test(part));
  });
}

/** `exit 1`, `exit $?`, and `exit $code` where that was kept before. */
function passesOnTheEnd(script: string, last: string): boolean {
  if (/^(exit \$\?|exit [1-9]\d{0,2}|exit|false|fi|done|wait \S{1,50})$/.test(last)) return true;
  const kept = /^exit "?\$\{?(\w{1,50})\}?"?$/.exec(last)?.[1];
  return kept !== undefined && script.lastIndexOf(`${kept}=`) === script.lastIndexOf(`${kept}=$?`);
}

const FILTERS: readonly RegExp[] = [
  /\s--(?:test-name-pattern|testNamePattern|grep)(?:=|\s{1,20})("[^"]{0,300}"|'[^']{0,300}'|[^\s"';&|]{1,300})/g,
  /\b(?:vitest|jest)\b[^;&|]{0,300}?\s-t(?:=|\s{1,20})("[^"]{0,300}"|'[^']{0,300}'|[^\s"';&|]{1,300})/g,
  /\b(?:mocha|playwright)\b[^;&|]{0,300}?\s-g(?:=|\s{1,20})("[^"]{0,300}"|'[^']{0,300}'|[^\s"';&|]{1,300})/g,
];
const OTHER_FILTERS = /\s--(test-skip-pattern|grep-invert|invert|test-only)\b/;

/** The filter by which some test that is there does not run, or null. */
function leftOut(script: string, titles: Titles): string | null {
  const other = OTHER_FILTERS.exec(script);
  if (other) return other[0].trim();
  const given = FILTERS.flatMap((filter) => [...script.matchAll(filter)]);
  const names = given.map(([, name = ""]) => name.replaceAll(/^["']|["']$/g, ""));
  const [first] = names;
  if (first === undefined || names.some((name) => /^\^?\.?\*?\$?$/.test(name))) return null;
  const isRun = (title: string): boolean => names.some((name) => title.includes(name));
  const isAway = titles.some(({ tests, groups }) => !groups.some(isRun) && !tests.every(isRun));
  return isAway ? `only those named ${first}` : null;
}
