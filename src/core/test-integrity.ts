import { codeWithoutText } from "./code-text.ts";
import { importsOf } from "./relative-imports.ts";
import { scriptProblems, type Titles } from "./test-script.ts";

type Tree = ReadonlyMap<string, string>;

/** The code of a file of the tree, read once. */
type CodeOf = (path: string) => string;

/** What is known of a file of tests by reading it. */
type TestFile = {
  readonly path: string;
  readonly code: string;
  readonly cases: number;
  readonly assertions: number;
  readonly skipped: number;
  readonly alone: number;
  /** Whether something that it imports, or that lies beside it, asserts for it. */
  readonly isHelped: boolean;
};

export const TEST_PATH =
  /(^|\/)(tests?|__tests__|specs?)\/[^/]+\.(m|c)?[jt]sx?$|\.(test|spec)\.(m|c)?[jt]sx?$|(^|\/)test_[^/]+\.py$|_test\.py$|_test\.go$/i;
/** What lies in folders of tests and is no fixture. */
const HELPER_PATH = /(^|\/)(tests?|__tests__|specs?)\/.*\.((m|c)?[jt]sx?|py|go)$|(^|\/)conftest\.py$/i;
const APART =
  /(^|\/)(src|lib|app|cmd|commands?)\/.*tests?\/|(^|\/)(fixtures?|__fixtures__|testdata|data|mocks?|__mocks__|stubs?|fakes?|bin|assets|samples?|examples?|node_modules)\//i;

// Text that a model has written is read by these: every repetition has an end, so that none of it takes for ever.
const CASE =
  /\b(test|it|specify)(\.\w{1,20}){0,3}[ \t]{0,20}\(\s{0,200}["'`]|\bdef\s{1,20}test_\w|\bfunc\s{1,20}Test\w{1,200}\s{0,20}\(/g;
const ASSERTION =
  /\bassert\w{0,40}\b[ \t]{0,20}[.(]|\bexpect[ \t]{0,20}\(|\bself\.assert\w{1,40}[ \t]{0,20}\(|^[ \t]{0,200}assert\s|\bt\.(Error|Errorf|Fatal|Fatalf|Fail|FailNow)\s{0,20}\(|\brequire\.\w{1,40}\(t\b|\.raises\s{0,5}\(|\b(throw|raise)\s|\.should\.|\b(t|assert)\.(ok|equal|is|deepEqual|throws|rejects|match|strictEqual)\s{0,20}\(/gm;
/** Names under which a file has taken assertions from a library of them. */
const TAKEN =
  /\b(?:import|const|let|var)\s{1,20}(\w{1,40})?\s{0,5},?\s{0,5}(?:\{([^{}]{0,1000})\})?\s{0,20}(?:from|=\s{0,5}require\()\s{0,5}["'](?:node:)?(?:assert|chai|expect|should|power-assert|uvu\/assert)(?:\/strict)?["']/g;
const SKIPPED =
  /\b(test|it|describe|suite)\.(skip|todo)\s{0,20}\(|\bx(it|describe|test)\s{0,20}\(|\{[^{}]{0,200}\b(skip|todo)\s{0,20}:\s{0,20}(true|["'`])|@(unittest\.)?skip\w{0,40}|@pytest\.mark\.(skip|xfail)|\bt\.Skip(Now|f)?\s{0,20}\(/g;
const ALONE =
  /\b(test|it|describe|suite|context)\.only\s{0,20}\(|(?<![\w.$])f(it|describe)\s{0,20}\(\s{0,20}["'`]|\b(test|it|describe|suite)\s{0,20}\(\s{0,200}""\s{0,20},\s{0,200}\{[^{}]{0,200}\bonly\s{0,20}:\s{0,20}true/g;
/** Ends the process with success, whatever the tests would have said. */
const GIVES_UP =
  /\bprocess\.(exit|reallyExit)\s{0,20}\(\s{0,20}(0\s{0,20})?\)|\b(Deno|os|sys)\.(_exit|exit|Exit)\s{0,20}\(\s{0,20}(0\s{0,20})?\)|(?<![\w.$]|\bdef |\bfunction )exit\s{0,20}\(\s{0,20}(0\s{0,20})?\)(?!\s{0,20}\{)/;
const FAILS =
  /\b(process|Deno|os|sys)\.(_exit|exit|Exit)\s{0,20}\(\s{0,20}[^)\s0]|\bexitCode\s{0,20}=\s{0,20}[^0\s=]/;
/** A body that returns before it has done anything. */
const RETURNS_FIRST =
  /\b(?:test|it|specify)(?:\.\w{1,20}){0,3}[ \t]{0,20}\(\s{0,200}""\s{0,20},\s{0,200}(?:async\s{1,20})?(?:function\s{0,20})?(?:\([^()]{0,200}\)|\w{1,40})\s{0,20}(?:=>\s{0,20})?\{\s{0,200}return\s{0,20}[;}]|\bdef\s{1,20}test_\w+\([^()]{0,200}\)[^:\n]{0,100}:\s{0,200}return[ \t]{0,20}$|\bfunc\s{1,20}Test\w+\([^()]{0,200}\)\s{0,20}\{\s{0,200}return\s/m;
const TITLE =
  /\b(test|it|specify|describe|suite|context)(?:\.\w{1,20}){0,3}[ \t]{0,20}\(\s{0,200}(?:"([^"\n]{0,300})"|'([^'\n]{0,300})'|`([^`]{0,300})`)/g;

/**
 * Why the tests of a tree prove nothing or less than before; empty when there is nothing to say. `before` is the tree that
 * this one came from, null when it came from nothing; files that are `untouched` are as the repository brought them, and no
 * fault of the work.
 */
export function testProblems(
  tree: Tree,
  before: Tree | null,
  untouched: ReadonlySet<string> = new Set(),
): readonly string[] {
  const problems = [...scriptProblems(tree, titlesOf(tree))];
  const codeOf = codesOf(tree);
  const now = testFiles(tree, codeOf);
  const own = now.filter(({ path }) => !untouched.has(path));
  problems.push(...endings(tree, codeOf, now), ...own.flatMap(fileProblems));
  return before === null ? problems : [...problems, ...losses(now, testFiles(before, codesOf(before)))];
}

function codesOf(tree: Tree): CodeOf {
  const known = new Map<string, string>();
  return (path) => {
    const before = known.get(path);
    if (before !== undefined) return before;
    const code = codeWithoutText(path, tree.get(path) ?? "");
    known.set(path, code);
    return code;
  };
}

/** Whether this is a file of tests, with at least one in it. */
export function hasCases(path: string, text: string): boolean {
  return TEST_PATH.test(path) && count(codeWithoutText(path, text), CASE) > 0;
}

function testFiles(tree: Tree, codeOf: CodeOf): TestFile[] {
  const helps = helpersIn(tree, codeOf);
  return [...tree].flatMap(([path, content]) => {
    if (!TEST_PATH.test(path)) return [];
    const code = codeOf(path);
    return [
      {
        path,
        code,
        cases: count(code, CASE),
        assertions: count(code, ASSERTION) + takenAssertions(content, code),
        skipped: count(code, SKIPPED),
        alone: count(code, ALONE),
        isHelped: helps(path, content),
      },
    ];
  });
}

/** Assertions that the file calls by names of its own: `import { equal } from "node:assert"`. */
function takenAssertions(content: string, code: string): number {
  const names = [...content.matchAll(TAKEN)].flatMap(([, whole = "", list = ""]) => [
    whole,
    ...list.split(",").map((one) => /(\w{1,40})\s{0,9}$/.exec(one)?.[1] ?? ""),
  ]);
  const own = [...new Set(names)].filter((name) => name !== "" && !/^(assert|expect)/.test(name));
  if (own.length === 0) return 0;
  return count(code, new RegExp(`(?<![\\w.$])(${own.slice(0, MOST_NAMES).join("|")})\\s{0,5}[.(]`, "g"));
}

const MOST_NAMES = 50;

/** Tells whether something that a file imports asserts (what is not there may), or in Python and Go a file of tests' helpers beside it. */
function helpersIn(tree: Tree, codeOf: CodeOf): (path: string, content: string) => boolean {
  const known = new Map<string, boolean>();
  const imports = (path: string, content: string, depth: number): boolean =>
    importsOf(tree, path, content).some((one) => one === null || asserts(one, depth));
  const asserts = (path: string, depth: number): boolean => {
    const before = known.get(path);
    if (before !== undefined || depth > DEEPEST) return before ?? false;
    known.set(path, false);
    const isSo = count(codeOf(path), ASSERTION) > 0 || imports(path, tree.get(path) ?? "", depth + 1);
    known.set(path, isSo);
    return isSo;
  };
  const beside = [...tree.keys()].filter(
    (path) => BESIDE.test(path) && isHelper(path) && count(codeOf(path), CASE) === 0,
  );
  const folders = new Set(beside.filter((path) => asserts(path, 0)).map(folderOf));
  return (path, content) => (BESIDE.test(path) ? folders.has(folderOf(path)) : imports(path, content, 0));
}

const BESIDE = /\.(py|go)$/;
/** Imports are followed so far. */
const DEEPEST = 20;

function isHelper(path: string): boolean {
  return HELPER_PATH.test(path) || TEST_PATH.test(path);
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

/** Files that end the process by themselves: of tests, what these import of theirs, and whatever else lies among them. */
function endings(tree: Tree, codeOf: CodeOf, files: readonly TestFile[]): string[] {
  const withCases = files.filter(({ cases }) => cases > 0).map(({ path }) => path);
  const bound = new Set(withCases);
  const waiting = [...withCases];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    for (const imported of importsOf(tree, path, tree.get(path) ?? "")) {
      if (imported === null || bound.has(imported) || !isHelper(imported)) continue;
      bound.add(imported);
      waiting.push(imported);
    }
  }
  return [...tree.keys()].flatMap((path) => {
    if (!bound.has(path) && (!isHelper(path) || APART.test(path))) return [];
    const code = codeOf(path);
    // A runner of its own ends with success when nothing has failed.
    if (!GIVES_UP.test(code) || (!bound.has(path) && FAILS.test(code))) return [];
    return [`${path} ends its process by itself, so that its tests can't fail`];
  });
}

function fileProblems(file: TestFile): string[] {
  const { path, code, cases, assertions, skipped, alone, isHelped } = file;
  if (cases === 0) return [];
  const problems: string[] = [];
  if (assertions === 0 && !isHelped) problems.push(`${path} has ${cases} test case(s) and asserts nothing`);
  if (skipped >= cases) problems.push(`every test in ${path} is skipped`);
  if (alone > 0 && alone < cases) problems.push(`${path} leaves tests out: ${alone} of ${cases} run alone`);
  if (RETURNS_FIRST.test(code)) problems.push(`a test in ${path} returns before it has done anything`);
  return problems;
}

function losses(now: readonly TestFile[], then: readonly TestFile[]): string[] {
  const problems: string[] = [];
  const lost = total(then, "cases") - total(now, "cases");
  if (lost > 0)
    problems.push(
      `${lost} of ${total(then, "cases")} test cases are gone; a repair does not take tests away`,
    );
  problems.push(...weakened(now, then, lost > 0));
  const skipped = total(now, "skipped") - total(then, "skipped");
  if (skipped > 0) problems.push(`${skipped} more test(s) are skipped than before`);
  return problems;
}

/** As many tests may well assert less in other words, but not less than half, unless something asserts for them. */
function weakened(now: readonly TestFile[], then: readonly TestFile[], isLost: boolean): string[] {
  const earlier = new Map(then.map((file) => [file.path, file]));
  const weaker = now.flatMap(({ path, cases, assertions, isHelped }) => {
    const before = earlier.get(path);
    if (!before || isHelped || cases < before.cases || assertions * 2 >= before.assertions) return [];
    return [
      `the tests of ${path} assert ${before.assertions - assertions} of ${before.assertions} things less`,
    ];
  });
  const all = total(then, "assertions");
  const left = total(now, "assertions");
  if (weaker.length === 0 && !isLost && left * 2 < all && !now.some(({ isHelped }) => isHelped))
    weaker.push(`the tests assert ${all - left} of ${all} things less`);
  return weaker.map((problem) => `${problem} than before; a repair does not weaken tests`);
}

function titlesOf(tree: Tree): Titles {
  return [...tree].flatMap(([path, content]) => {
    if (!TEST_PATH.test(path)) return [];
    const found = [...content.matchAll(TITLE)].map(([, word = "", ...titles]) => ({
      isTest: /^(test|it|specify)$/.test(word),
      title: titles.find((title) => title !== undefined) ?? "",
    }));
    const named = (isTest: boolean) => found.flatMap((one) => (one.isTest === isTest ? [one.title] : []));
    return [{ tests: named(true), groups: named(false) }];
  });
}

function count(content: string, pattern: RegExp): number {
  return content.match(pattern)?.length ?? 0;
}

function total(files: readonly TestFile[], what: "cases" | "assertions" | "skipped"): number {
  return files.reduce((sum, file) => sum + file[what], 0);
}
