import { TEST_PATH } from "./test-integrity.ts";

/** In folders of tests lies what tests need. */
const OF_TESTS = /(^|\/)(tests?|__tests__|specs?|fixtures|testdata|node_modules)\//i;
const SETTINGS = /(^|\/)(conftest|setup)\.py$|\.config\.[mc]?[jt]s$|(^|\/)\./;
const SHELL = /\.(sh|bash)$/i;
const SCRIPT = /\.[mc]?[jt]sx?$/;
const TEXT = /\.(md|markdown|txt|csv|tsv|html)$/i;
/** What is written in these can't be taken out here. */
const OTHER_CODE = /\.(go|rs|java|kt|scala|c|cc|cpp|h|hpp|cs|rb|php|swift|ex|exs|hs|ml|lua|pl|zig)$/i;

/**
 * The tree with a program that does nothing: its functions are there and give nothing back. Tests that succeed on it show
 * nothing. What a command in `commands` names stays as it is. Null when there is no program that can be taken out.
 */
export function stubbedTree(
  tree: ReadonlyMap<string, string>,
  commands: readonly string[],
): ReadonlyMap<string, string> | null {
  if ([...tree.keys()].some((path) => OTHER_CODE.test(path))) return null;
  const named = new Set(
    [...commands, tree.get("package.json") ?? ""].flatMap((text) => text.split(/[\s"'`;&|()\\]+/)),
  );
  let isChanged = false;
  const stubbed = new Map<string, string>();
  for (const [path, content] of tree) {
    const isKept = TEST_PATH.test(path) || OF_TESTS.test(path) || SETTINGS.test(path);
    const isNamed = named.has(path) || named.has(`./${path}`);
    const text = isKept || isNamed ? content : stubOf(path, content);
    if (text !== content && !TEXT.test(path)) isChanged = true;
    stubbed.set(path, text);
  }
  return isChanged ? stubbed : null;
}

function stubOf(path: string, content: string): string {
  if (SCRIPT.test(path)) return scriptStub(content);
  if (path.endsWith(".py")) return pythonStub(content);
  return TEXT.test(path) || SHELL.test(path) ? "" : content;
}

const EXPORTED = /^export\s+(?:async\s+)?(function\*?|class|const|let|var)\s+([\w$]+)/gm;
const LISTED = /^export\s{0,20}\{([^{}]*)\}\s{0,20};?\s{0,20}$/gm;
const PASSED_ON = /^export\s{0,20}(?:\*|\{[^{}]*\})[^;\n]*\sfrom\s.*$/gm;

function scriptStub(content: string): string {
  const names = new Set([...content.matchAll(EXPORTED)].flatMap((match) => match[2] ?? []));
  for (const [, list = ""] of content.matchAll(LISTED)) {
    for (const one of list.split(",")) {
      const name =
        one
          .trim()
          .split(/\sas\s/)
          .at(-1)
          ?.trim() ?? "";
      if (/^[\w$]+$/.test(name) && name !== "default") names.add(name);
    }
  }
  const lines = [...names].map((name) => `export function ${name}() {}`);
  lines.push(...(content.match(PASSED_ON) ?? []));
  if (/^export\s+default\b|\bas\s+default\b/m.test(content)) lines.push("export default function () {}");
  if (/\bmodule\.exports\b|^exports\.\w+\s*=/m.test(content))
    lines.push("module.exports = new Proxy(function () {}, { get: () => () => undefined });");
  return `${lines.join("\n")}\n`;
}

function pythonStub(content: string): string {
  const lines = content.split("\n").flatMap((line) => {
    const given = /^(?:async\s+)?def\s+(\w+)/.exec(line)?.[1];
    if (given !== undefined) return [`def ${given}(*args, **named):\n    return None`];
    const made = /^class\s+(\w+)/.exec(line)?.[1];
    if (made !== undefined) return [CLASS.replace("Name", made)];
    const value = /^(\w+)\s*(?::[^=]*)?=(?!=)/.exec(line)?.[1];
    return value === undefined ? [] : [`${value} = None`];
  });
  return `${lines.join("\n")}\n`;
}

const CLASS = `class Name:
    def __init__(self, *args, **named):
        pass

    def __getattr__(self, name):
        return lambda *args, **named: None`;
