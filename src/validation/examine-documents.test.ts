import { describe, expect, test, vi } from "vitest";

import { contentChecks } from "./content-checker.testsuite.ts";

const { examine } = contentChecks();
vi.setConfig({ testTimeout: 30_000 });

const documents = async (files: Record<string, string>): Promise<readonly string[]> => {
  const verdict = (await examine(files))["documents"];
  expect(verdict?.passed).toBe((verdict?.problems ?? []).every((problem) => problem.startsWith("note: ")));
  return verdict?.problems ?? ["no documents"];
};
const data = async (files: Record<string, string>): Promise<readonly string[]> =>
  (await examine(files))["data"]?.problems ?? ["no data"];

test("there is an entry only for kinds that the tree has", async () => {
  expect(
    await examine({ "a.ts": "", "package.json": "{", ".github/a.md": "# TODO", "tests/a.json": "{" }),
  ).toEqual({});
  expect(Object.keys(await examine({ "README.md": "# A\n", "data/a.csv": "a\n" }))).toEqual([
    "documents",
    "data",
  ]);
});

describe("links", () => {
  test("to what is in the tree are good", async () => {
    const text = [
      "# Read me",
      "[a](docs/a.md) [b](./docs/a.md#the-end) [c](docs/) [d](docs) [e](src/x.ts#L3) [f](docs/a) [g](docs/a.html)",
      "[h](#read-me) [i](#) [j](my%20file.txt) [k](<my file.txt>) [l](docs/a.md?plain=1) ![m](logo.svg 'Logo') [n][ref]",
      '<a href="docs/a.md">x</a> <img src="logo.svg">',
      "",
      "[ref]: docs/a.md",
    ].join("\n\n");
    const files = {
      "docs/a.md": "The end\n---\n[up](../README.md)\n",
      "src/x.ts": "",
      "my file.txt": "",
      "logo.svg": "",
    };
    expect(await documents({ "README.md": text, ...files })).toEqual([]);
  });

  test.each([
    "[a](missing.md)",
    "![a](missing.png)",
    "[a][ref]\n\n[ref]: missing.md",
    '<a class="b" href="missing.md">a</a>',
    "- [a](missing.md)",
    "| a |\n|---|\n| [a](missing.md) |",
    "> **[a](docs/../missing.md)**",
  ])("to what is missing are problems: %s", async (text) => {
    expect(await documents({ "README.md": text })).toEqual([
      expect.stringMatching(/missing\.(md|png)", which is not in the tree$/),
    ]);
  });

  test("to headings that are missing are problems", async () => {
    const files = { "README.md": "# A\n\n[a](#b) [b](c.md#d)", "c.md": "# C\n" };
    expect(await documents(files)).toEqual([
      'README.md links to "#b", but README.md has no heading for #b',
      'README.md links to "c.md#d", but c.md has no heading for #d',
    ]);
  });

  test.each([
    ["Hello, World!", "hello-world"],
    ["A & B", "a--b"],
    ["Überblick über `x_y`", "überblick-über-x_y"],
    ["`orca run` — go", "orca-run--go"],
    ["🚀 Start", "-start"],
    ["C++ / C#", "c--c"],
    ["1. First *step*", "1-first-step"],
    ["[Link](https://a.b) text", "link-text"],
    ["Named {#other-name}", "other-name"],
    ["日本語 見出し", "日本語-見出し"],
  ])("to the heading %s is #%s", async (heading, anchor) => {
    expect(
      await documents({ "a.md": `## ${heading}\n\n[a](#${encodeURIComponent(anchor)}) [b](#${anchor})` }),
    ).toEqual([]);
  });

  test("to headings of the same name are numbered", async () => {
    expect(await documents({ "a.md": "# A\n\n# A\n\n[a](#a-1)" })).toEqual([]);
    expect(await documents({ "a.md": "# A\n\n# A\n\n[a](#a-2)" })).toHaveLength(1);
  });

  test.each([
    "```\n[a](missing.md)\n```",
    "`[a](missing.md)`",
    "    [a](missing.md)",
    "<!-- [a](missing.md) <a href='missing.md'> -->",
    "[a](https://example.com/x#y) <mailto:a@b.c> [b](mailto:a@b.c) [c](//cdn.example.com/x)",
    "[![CI](https://img.shields.io/x.svg)](../../actions/workflows/ci.yml)",
    "[a](/guide/start) [b](dist/api/index.html) [c](coverage/) [d](build/report.html)",
    "[a]({{ site.url }}/x.md) [b](${base}/x.md) [c](<% x %>)",
    '<a id="here"></a>\n\n[a](#here) [b](#L10)',
    "<a id=there></a>\n\n[a](#there)",
    '<td><a href="#infra-ann">Ann</a></td>',
    "- [ ] task\n- [x] done\n\n[^1] and an [array][0]\n\n[^1]: note",
  ])("that are none of ours are left alone: %s", async (text) => {
    expect(await documents({ "README.md": text })).toEqual([]);
  });
});

describe("headings", () => {
  test("without text are a problem", async () => {
    expect(await documents({ "a.md": "# A\n\n##\n\n## \n\n## ![logo](https://a.b/c.png)\n" })).toEqual([
      "a.md has 2 headings without text",
    ]);
  });

  test("that jump are only noted", async () => {
    const { documents: verdict } = await examine({ "a.md": "# A\n\n### B\n" });
    expect(verdict).toEqual({ passed: true, problems: ['note: a.md: heading "B" jumps from level 1 to 3'] });
  });
});

describe("unfinished text", () => {
  test.each([
    "TODO: describe",
    "- TODO",
    "# TBD",
    "| Price |\n|---|\n| TBD |",
    "The price is TBD.",
    "Owner: TBD",
    "[TODO: add a picture]",
    "Some text (TODO)",
    "TODO(ann): describe",
    "Lorem ipsum dolor sit amet",
  ])("is a problem: %s", async (text) => {
    expect(await documents({ "a.md": `# A\n\n${text}\n` })).toEqual([
      expect.stringContaining("a.md is unfinished"),
    ]);
  });

  test.each([
    "A simple TODO list app for your todos: TODO items are stored.",
    "`TODO: x` comments are counted.",
    "```\n// TODO: x\n```",
    "See [TODO.md](TODO.md).",
    "Generates lorem ipsum text.",
    "<!-- TODO: later -->",
    "TBDs are listed; Trunk Based Development (TBD_x).",
  ])("is not what only speaks of it: %s", async (text) => {
    expect(await documents({ "a.md": `# A\n\n${text}\n`, "TODO.md": "TODO: everything\n" })).toEqual([]);
  });
});

describe("data", () => {
  test.each([
    ["a.csv", "a,b\n1\n", "Invalid Record Length"],
    ["a.csv", 'a,b\n"1,2\n', "Quote Not Closed"],
    ["a.csv", "a,a\n1,2\n", "column a appears twice"],
    ["a.json", "{'a': 1}", "no valid JSON"],
    ["a.json", "", "it is empty"],
    ["a.json", '{"a": 1, // more\n}', "no valid JSON"],
    ["a.jsonl", '{"a":1}\n{"a":', "line 2"],
  ])("%s with %j is a problem", async (path, text, problem) => {
    expect(await data({ [`data/${path}`]: text })).toEqual([expect.stringContaining(problem)]);
  });

  test("that parses is good", async () => {
    const files = {
      "a.csv": 'a,b\n"1\n2",\n',
      "b.tsv": "a\tb\n1\t2\n",
      "c.json": "\uFEFF{}",
      "d.ndjson": "1\n\n[]\n",
      "e.json": '{"a": {{ value }} }',
    };
    expect(await data(files)).toEqual([]);
  });

  test("is not what tools read in dialects of their own", async () => {
    const names = [
      "package.json",
      "package-lock.json",
      "tsconfig.json",
      "tsconfig.build.json",
      "web/jsconfig.json",
      ".vscode/settings.json",
      ".eslintrc.json",
      "app.config.json",
      "composer.lock",
      "node_modules/a/b.json",
      "tests/fixtures/bad.json",
    ];
    expect(await examine(Object.fromEntries(names.map((name) => [name, "{ // comment\n"])))).toEqual({});
  });
});
