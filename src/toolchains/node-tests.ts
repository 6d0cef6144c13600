import { shellQuote } from "./shell-quote.ts";
import type { Subtree } from "./subtree.ts";

const SCRIPT = /\.(js|mjs|cjs|ts|mts|cts)$/;
const NAMED_TEST = /\.test\.(js|mjs|cjs|ts|mts|cts)$/;
/** What `node --test` takes when no file is named; https://nodejs.org/api/test.html#running-tests-from-the-command-line */
const FOUND_BY_NODE = /(^|\/)(test\/.+|test-[^/]+|test|[^/]+[._-]test)\.(js|mjs|cjs|ts|mts|cts)$/;
const IMPORTS_NODE_TEST = /(from|import|require\()\s*["']node:test["']/;
const OTHER_RUNNER = /["'](vitest|@jest\/globals|jest|mocha|ava|tap|bun:test|@playwright\/test)["']/;
const GLOBAL_TEST_CALL = /^[ \t]*(describe|it|test|suite)(\.\w+)?\(\s*["'`]/m;

/**
 * The command that runs the tests written for Node's own runner, null when there are none. Tests for another runner are
 * left to the script that names it: Node would fail them for reasons that are not theirs.
 */
export function nodeTestCommand(tree: Subtree): string | null {
  const scripts = tree.paths.filter((path) => SCRIPT.test(path) && !path.endsWith(".d.ts"));
  const tests = scripts.filter((path) => isForNode(path, tree.read(path) ?? ""));
  if (tests.length === 0) return null;
  const chosen = new Set(tests);
  const foundByNode = scripts.filter((path) => FOUND_BY_NODE.test(path));
  const findsOthers = foundByNode.some((path) => !chosen.has(path) && NAMED_TEST.test(path));
  const missesSome = tests.some((path) => !FOUND_BY_NODE.test(path));
  return findsOthers || missesSome ? `node --test ${tests.map(shellQuote).join(" ")}` : "node --test";
}

function isForNode(path: string, text: string): boolean {
  if (IMPORTS_NODE_TEST.test(text)) return true;
  return NAMED_TEST.test(path) && !OTHER_RUNNER.test(text) && !GLOBAL_TEST_CALL.test(text);
}
