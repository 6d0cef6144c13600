import type { ToolchainStage } from "../ports/toolchain.ts";
import { REGISTRY_HOSTS } from "./registry-hosts.ts";
import { shellQuote } from "./shell-quote.ts";
import type { Subtree } from "./subtree.ts";
import { stage, type Toolchain } from "./toolchain.ts";

const TEST_FILE = /(^|\/)test[^/]*\.py$/;
const PYTEST_FILE = /(^|\/)(test_[^/]*|[^/]*_test)\.py$/;
/** Where pytest is named by those who use it. */
const SETTINGS = /^(pyproject\.toml|setup\.(py|cfg)|tox\.ini|pytest\.ini|[^/]*requirements[^/]*\.txt)$/;
/** Bytecode goes to the private temp directory, so that the tree stays as it was written. */
const NO_LITTER = 'PYTHONPYCACHEPREFIX="${TMPDIR:-/tmp}/pycache"';
const PIP_INSTALL = ".venv/bin/pip install --quiet --no-input --disable-pip-version-check --prefer-binary";

export const python: Toolchain = {
  name: "python",
  hasManifest: (tree) =>
    ["pyproject.toml", "setup.py", "setup.cfg", "requirements.txt"].some((name) => tree.has(name)),
  looksLikeOne: (tree) => tree.some(/^[^/]+\.py$/) || tree.some(/(^|\/)test_[^/]*\.py$/),
  stagesOf(tree) {
    const withPytest = usesPytest(tree);
    const install = installCommand(tree, withPytest);
    const program = install === null ? "python3" : ".venv/bin/python";
    const test = withPytest ? pytestCommand(tree, program) : unittestCommand(tree, program);
    const requires = ["python3"];
    return [
      ...(install === null
        ? []
        : [stage({ stage: "prepare", command: install, requires, network: REGISTRY_HOSTS.pypi })]),
      ...compileStages(tree),
      ...(test === null ? [] : [stage({ stage: "test", command: test, requires })]),
    ];
  },
};

function compileStages(tree: Subtree): ToolchainStage[] {
  if (!tree.some(/\.py$/)) return [];
  const skip = String.raw`[/\\](node_modules|\.?venv|\.git)[/\\]`;
  const command = `${NO_LITTER} python3 -m compileall -q -x '${skip}' .`;
  return [stage({ stage: "build", command, requires: ["python3"] })];
}

function usesPytest(tree: Subtree): boolean {
  const settings = tree.paths.filter((path) => SETTINGS.test(path));
  if (tree.has("pytest.ini") || settings.some((path) => /\bpytest\b/.test(tree.read(path) ?? "")))
    return true;
  const tests = tree.paths.filter((path) => PYTEST_FILE.test(path)).map((path) => tree.read(path) ?? "");
  if (tests.some((text) => /^[ \t]*(import pytest|from pytest)\b/m.test(text))) return true;
  // unittest would find nothing in bare functions and call that a success.
  return tests.some((text) => /^(async )?def test_/m.test(text) && !/\bTestCase\b/.test(text));
}

function installCommand(tree: Subtree, withPytest: boolean): string | null {
  const lists = tree.paths.filter(
    (path) => /^[^/]*requirements[^/]*\.txt$/.test(path) && hasEntries(tree.read(path)),
  );
  const project = declaresDependencies(tree);
  if (lists.length === 0 && !project && !withPytest) return null;
  const what = [
    ...lists.flatMap((path) => ["-r", shellQuote(path)]),
    ...(project ? ["."] : []),
    ...(withPytest ? ["pytest"] : []),
  ];
  return `python3 -m venv .venv && ${PIP_INSTALL} ${what.join(" ")}`;
}

function hasEntries(requirements: string | null): boolean {
  return (requirements ?? "").split("\n").some((line) => /^\s*[^#\s]/.test(line));
}

/** Read by lines: only whether there is a dependency matters, pip reads the rest. */
function declaresDependencies(tree: Subtree): boolean {
  if (/\binstall_requires\s*=/.test(`${tree.read("setup.py")}\n${tree.read("setup.cfg")}`)) return true;
  let section = "";
  let inList = false;
  for (const line of (tree.read("pyproject.toml") ?? "").split("\n")) {
    const text = line.trim();
    if (inList && /^["']/.test(text)) return true;
    if (inList && text.startsWith("]")) inList = false;
    const header = /^\[+\s*([\w.-]+)/.exec(text);
    if (header !== null && !inList) section = header[1] ?? "";
    if (section === "project" && /^dependencies\s*=\s*\[/.test(text)) {
      if (/["']/.test(text)) return true;
      inList = !text.endsWith("]");
    }
    if (section === "tool.poetry.dependencies" && /^[\w"'-]+\s*=/.test(text) && !text.startsWith("python"))
      return true;
  }
  return false;
}

function pytestCommand(tree: Subtree, program: string): string | null {
  if (!tree.some(PYTEST_FILE)) return null;
  return `${environment(tree)} ${program} -m pytest -q -p no:cacheprovider`;
}

function unittestCommand(tree: Subtree, program: string): string | null {
  const starts = testStarts(tree);
  if (starts.length === 0) return null;
  return starts
    .map(
      (start) =>
        `${environment(tree)} ${program} -m unittest discover${start === "" ? "" : ` -s ${shellQuote(start)}`}`,
    )
    .join(" && ");
}

function environment(tree: Subtree): string {
  return tree.some(/^src\/.+\.py$/) ? `${NO_LITTER} PYTHONPATH=src` : NO_LITTER;
}

/** The directories from which unittest finds every test: it goes down only into packages. Empty is the root. */
function testStarts(tree: Subtree): readonly string[] {
  const tests = tree.paths.filter((path) => TEST_FILE.test(path) && /unittest/.test(tree.read(path) ?? ""));
  const starts = tests.map((path) => {
    let start = folderOf(path);
    while (start !== "" && tree.has(`${start}/__init__.py`)) start = folderOf(start);
    return start;
  });
  return [...new Set(starts)].toSorted();
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash === -1 ? "" : path.slice(0, slash);
}
