import { constantExit } from "./shell-command.ts";

/** What is known of the tests of a tree by reading them. */
type TestFile = {
  readonly path: string;
  readonly cases: number;
  readonly assertions: number;
  readonly skipped: number;
};

export const TEST_PATH =
  /(^|\/)(tests?|__tests__|specs?)\/[^/]+\.(m|c)?[jt]sx?$|\.(test|spec)\.(m|c)?[jt]sx?$|(^|\/)test_[^/]+\.py$|_test\.py$|_test\.go$/i;
const CASE = /\b(test|it|specify)(\.\w+)*\s*\(\s*["'`]|\bdef\s+test_\w+|\bfunc\s+Test\w+\s*\(/g;
const ASSERTION =
  /\bassert\w*\b\s*[.(]|\bexpect\s*\(|\bself\.assert\w+\s*\(|^\s*assert\s|\bt\.(Error|Errorf|Fatal|Fatalf)\s*\(|\b(t|assert)\.(ok|equal|is|deepEqual|throws|rejects|match|strictEqual)\s*\(/gm;
const SKIPPED =
  /\b(test|it|describe|suite)\.(skip|todo)\s*\(|\bx(it|describe|test)\s*\(|\{[^}]*\b(skip|todo)\s*:\s*(true|["'`])|@(unittest\.)?skip\w*|@pytest\.mark\.(skip|xfail)|\bt\.Skip(Now|f)?\s*\(/g;
/** Ends the process with success, whatever the tests would have said. */
const GIVES_UP =
  /\bprocess\.exit\s*\(\s*(0\s*)?\)|\bos\._exit\s*\(\s*0\s*\)|\b(sys\.)?exit\s*\(\s*0?\s*\)|\bos\.Exit\s*\(\s*0\s*\)/;

/**
 * Why the tests of a tree prove nothing or less than before; empty when there is nothing to say. `before` is the tree that
 * this one came from, null when it came from nothing.
 */
export function testProblems(
  tree: ReadonlyMap<string, string>,
  before: ReadonlyMap<string, string> | null,
): readonly string[] {
  const problems = [...scriptProblems(tree)];
  const now = testFiles(tree);
  for (const file of now) problems.push(...fileProblems(file, tree.get(file.path) ?? ""));
  if (before === null) return problems;
  const then = testFiles(before);
  const lost = total(then, "cases") - total(now, "cases");
  if (lost > 0)
    problems.push(
      `${lost} of ${total(then, "cases")} test cases are gone; a repair does not take tests away`,
    );
  const weaker = total(then, "assertions") - total(now, "assertions");
  if (lost <= 0 && weaker > 0)
    problems.push(`the tests assert ${weaker} things less than before; a repair does not weaken tests`);
  const skipped = total(now, "skipped") - total(then, "skipped");
  if (skipped > 0) problems.push(`${skipped} more test(s) are skipped than before`);
  return problems;
}

function testFiles(tree: ReadonlyMap<string, string>): TestFile[] {
  return [...tree].flatMap(([path, content]) => {
    if (!TEST_PATH.test(path)) return [];
    const cases = count(content, CASE);
    return [{ path, cases, assertions: count(content, ASSERTION), skipped: count(content, SKIPPED) }];
  });
}

function fileProblems({ path, cases, assertions, skipped }: TestFile, content: string): string[] {
  if (cases === 0) return [];
  const problems: string[] = [];
  if (GIVES_UP.test(withoutStrings(content)))
    problems.push(`${path} ends its process by itself, so that its tests can't fail`);
  if (assertions === 0) problems.push(`${path} has ${cases} test case(s) and asserts nothing`);
  if (skipped >= cases) problems.push(`every test in ${path} is skipped`);
  return problems;
}

function scriptProblems(tree: ReadonlyMap<string, string>): string[] {
  const manifest = tree.get("package.json");
  if (manifest === undefined) return [];
  const script = /"test"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(manifest)?.[1];
  if (script === undefined || script.includes("no test specified")) return [];
  if (constantExit(unescaped(script)) !== 0) return [];
  return [`the test script of package.json can't fail: ${script}`];
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, "$1");
}

/** Code that is passed to another process as text is not this file's own. */
function withoutStrings(content: string): string {
  return content.replaceAll(/`(?:[^`\\]|\\.)*`|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, '""');
}

function count(content: string, pattern: RegExp): number {
  return content.match(pattern)?.length ?? 0;
}

function total(files: readonly TestFile[], what: "cases" | "assertions" | "skipped"): number {
  return files.reduce((sum, file) => sum + file[what], 0);
}
