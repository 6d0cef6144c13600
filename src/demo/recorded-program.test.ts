import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";

import { type Check, checkOf } from "../core/check.ts";
import type { ContentChecker } from "../ports/toolchain.ts";
import { createContentChecker } from "../validation/content-checker.ts";
import {
  answerOf,
  decideCheck,
  recordedCriteria,
  type Tree,
  treeBefore,
  TreeOnDisk,
} from "./recorded-tree.testsuite.ts";

// Real programs are started: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 60_000 });

const first = treeBefore("qa:0");
const repaired = treeBefore("finalizer");

let checker: ContentChecker;
beforeAll(() => {
  const ignore = (): void => undefined;
  checker = createContentChecker({
    logger: { debug: ignore, info: ignore, warn: ignore, error: ignore } as never,
  });
});
afterAll(() => checker.close());

const trees: TreeOnDisk[] = [];
afterEach(() => {
  for (const tree of trees.splice(0)) tree.remove();
});

function onDisk(files: Tree): TreeOnDisk {
  const tree = new TreeOnDisk(files);
  trees.push(tree);
  return tree;
}

/** Ids of the criteria, all or some, whose check fails on these files. */
async function failing(
  files: Tree,
  ids: readonly string[] = recordedCriteria.map(({ id }) => id),
): Promise<readonly string[]> {
  const tree = onDisk(files);
  const failed: string[] = [];
  for (const criterion of recordedCriteria.filter(({ id }) => ids.includes(id))) {
    const decided = await decideCheck(checkOf(criterion), tree, checker);
    if (decided !== undefined && decided.wrong !== null) failed.push(criterion.id);
  }
  return failed;
}

describe("the checks of the contract, when they are really run", () => {
  test("fail in the first pass where QA says so, and nowhere else", async () => {
    const unmet = answerOf("qa", "qa:0").criteria.filter(({ verdict }) => verdict === "unmet");
    expect(await failing(first)).toEqual(unmet.map(({ id }) => id).toSorted());
  });

  test("all pass after the repair", async () => {
    expect(await failing(repaired)).toEqual([]);
  });

  test("all fail on an empty tree", async () => {
    const mechanical = recordedCriteria.filter((criterion) => checkOf(criterion).kind !== "rubric");
    expect(await failing(new Map())).toEqual(mechanical.map(({ id }) => id));
  });

  test.each([
    ["a parser that splits at every comma", "AC2", "src/parse-csv.js", naiveParser()],
    ["a stack trace for a file that can't be read", "AC4", "src/cli.js", withoutCatch()],
    ["a test file without tests", "AC5", "test/csv-summary.test.js", ""],
    ["a README without the heading", "AC6", "README.md", changed("README.md", "## Usage", "Usage:")],
    ["blank cells that count as 0", "AC3", "src/summarize.js", first.get("src/summarize.js")!],
    [
      "a mean that is the minimum",
      "AC1",
      "src/summarize.js",
      changed("src/summarize.js", "sum / numbers.length", "min"),
    ],
  ])("see %s", async (_, criterion, path, content) => {
    expect(await failing(new Map([...repaired, [path, content]]), [criterion])).toEqual([criterion]);
  });
});

describe("the recorded program", () => {
  test("fails exactly its test of blank cells in the first pass", () => {
    const { exit_code, output } = onDisk(first).run("node --test --test-reporter=tap");
    expect(exit_code).toBe(1);
    expect(output).toMatch(/^not ok \d+ - blank cells count as missing/m);
    expect(output).toMatch(/pass 8\n.*fail 1/);
  });

  test("passes all its tests after the repair, which changed one line", () => {
    const { exit_code, output } = onDisk(repaired).run("node --test --test-reporter=tap");
    expect(output).toMatch(/pass 9\n.*fail 0/);
    expect(exit_code).toBe(0);
    const before = first.get("src/summarize.js")!.split("\n");
    const after = repaired.get("src/summarize.js")!.split("\n");
    expect(after.filter((line, index) => line !== before[index])).toHaveLength(1);
    expect([...repaired].filter(([path, content]) => first.get(path) !== content)).toHaveLength(1);
  });

  test("prints what its README shows", () => {
    const [, file, csv, command, table] = /\$ cat (\S+)\n([^$]+)\n\$ node (\S+) \S+\n([^`]+)```/.exec(
      repaired.get("README.md")!,
    )!;
    const tree = onDisk(repaired);
    tree.write(file!, csv!);
    expect(tree.run(`node ${command!} ${file!}`)).toEqual({ exit_code: 0, output: table });
  });

  test("gives the examination of documents nothing to complain of", async () => {
    expect(await checker.examine(repaired, AbortSignal.timeout(20_000))).toEqual([
      { toolchain: "documents", verdict: { passed: true, problems: [] } },
    ]);
  });
});

test("no check needs more than Node and a shell, and none leaves anything in the tree", () => {
  const tree = onDisk(repaired);
  for (const check of recordedCriteria.map(checkOf).filter(isCommand)) tree.run(check.command);
  const { output } = tree.run("find . -type f | sort");
  const paths = [...repaired.keys()].map((path) => `./${path}`).toSorted();
  expect(output.trim().split("\n").toSorted()).toEqual(paths);
});

function isCommand(check: Check): check is Extract<Check, { kind: "command" }> {
  return check.kind === "command";
}

function changed(path: string, from: string, to: string): string {
  const content = repaired.get(path)!;
  expect(content).toContain(from);
  return content.replace(from, to);
}

function withoutCatch(): string {
  return changed("src/cli.js", "fail(`${path}: ${error.message}`, 1);", "throw error;");
}

function naiveParser(): string {
  return `export function parseCsv(text) {
  const [header, ...rows] = text.trim().split("\\n").map((line) => line.split(","));
  return { header, rows };
}
`;
}
