import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, test, vi } from "vitest";

import type { FileCheck } from "../core/check.ts";
import { contentChecks } from "./content-checker.testsuite.ts";

const checkFile = contentChecks();
vi.setConfig({ testTimeout: 30_000 });

const passed = { passed: true, problems: [] };
const failed = (...problems: string[]) => ({ passed: false, problems });

describe("a file", () => {
  test("must exist", async () => {
    expect(await checkFile("a.txt", "text", {})).toEqual(passed);
    expect(await checkFile("a.txt", null, {})).toEqual(failed("a.txt is missing"));
    expect(await checkFile("a.txt", null, { path: "../a.txt" })).toEqual(
      failed('"../a.txt" can\'t be the path of a file: a path has no . or .. segment'),
    );
  });

  test.each([
    ["a.txt", "", false],
    ["a.txt", " \r\n\t", false],
    ["a.txt", "\u0000", true],
    ["a__init__.py", "", false],
    ["package/__init__.py", "", true],
    ["py.typed", "", true],
    ["empty/.gitkeep", "\n", true],
  ])("that has nothing in it does not do, but for marks: %j of %j", async (path, content, does) => {
    expect(await checkFile(path, content, {})).toEqual(does ? passed : failed(`${path} is empty`));
  });

  test("contains texts exactly", async () => {
    expect(await checkFile("a.txt", "one\ntwo", { contains: ["one\ntwo", "e"] })).toEqual(passed);
    expect(await checkFile("a.txt", "Hello, World", { contains: ["hello", "x"] })).toEqual(
      failed('a.txt does not contain "hello"; there is "Hello"', 'a.txt does not contain "x"'),
    );
  });

  test("is UTF-8 where its text is asked for", async () => {
    expect(await checkFile("a.txt", Uint8Array.of(0xff), { contains: ["a"] })).toEqual(
      failed("a.txt is no UTF-8 text"),
    );
  });
});

describe("Markdown", () => {
  test("has headings, however they are written", async () => {
    const text =
      "# **Getting** `Started`\n\nUsage\n-----\n\n> ## Within\n\n<h3 align=center>Shown</h3>\n\n```\n# Code\n```\n";
    const headings = ["getting started ", "## USAGE", "Within", "Shown"];
    expect(await checkFile("a.md", text, { headings })).toEqual(passed);
    expect(await checkFile("a.md", text, { headings: ["Code"] })).toEqual(
      failed('a.md has no heading "Code"; there are Getting Started, Usage, Within, Shown'),
    );
  });

  test("has words without markup and code", async () => {
    const text =
      "---\ntitle: not counted\n---\n# One\n\ntwo **three** [four](http://x.y/z) `code` don't\n\n```\nx y z\n```\n\n| six | seven |\n|---|---|\n| 8 | - |\n";
    expect(await checkFile("a.md", text, { min_words: 8, max_words: 8 })).toEqual(passed);
    expect(await checkFile("a.md", text, { min_words: 9 })).toEqual(
      failed("a.md has 8 words, at least 9 are expected"),
    );
    expect(await checkFile("a.md", text, { max_words: 7 })).toEqual(
      failed("a.md has 8 words, at most 7 are expected"),
    );
    expect(await checkFile("a.txt", "one, two - # three", { min_words: 3, max_words: 3 })).toEqual(passed);
    expect(await checkFile("a.txt", "我喜欢编程", { min_words: 2, max_words: 4 })).toEqual(passed);
  });
});

type Table = { readonly name: string; readonly content: string | Uint8Array };
const TABLES: readonly Table[] = [
  { name: "d.csv", content: '\uFEFFid,name,price\n1,"a, ""b""\nc",2.5\n2,,-1\n' },
  { name: "semicolon.csv", content: "id;name;price\n1;a;2.5\n2;;-1\n" },
  { name: "d.tsv", content: "id\tname\tprice\n1\ta\t2.5\n2\t\t-1\n" },
  { name: "d.json", content: '[{"id":1,"name":"a","price":2.5},{"id":2,"price":-1}]' },
  { name: "d.jsonl", content: '{"id":1,"name":"a","price":2.5}\n\n{"id":2,"name":null,"price":-1}\n' },
  {
    name: "d.parquet",
    content: new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: "id", data: [1, 2], type: "INT32" },
          { name: "name", data: ["a", null], type: "STRING" },
          { name: "price", data: [2.5, -1], type: "DOUBLE" },
        ],
      }),
    ),
  },
];

describe.each(TABLES)("a table in $name", ({ name, content }) => {
  const check = (fields: Partial<FileCheck>) => checkFile(name, content, fields);

  test("has columns and rows", async () => {
    expect(await check({ columns: ["id", "price"], min_rows: 2 })).toEqual(passed);
    expect(await check({ columns: ["cost"], min_rows: 3 })).toEqual(
      failed(
        `column cost is missing in ${name}; there are id, name, price`,
        `${name} has 2 rows, at least 3 are expected`,
      ),
    );
  });

  test.each([
    "select count(*) = 2 from data",
    "select sum(price) = 1.5 from data",
    "select count(*) = 1 from data where name is null",
    "select typeof(id) = 'integer' and id / 2 = 0 from data where price > 2",
    "select max(price) > (select avg(price) from data) from data",
    "with dear as (select * from data where price > 0) select count(*) from dear",
  ])("satisfies %s", async (sql) => {
    expect(await check({ sql })).toEqual(passed);
  });

  test("says what a query gives instead", async () => {
    expect(await check({ sql: "select count(*) = 0 from data where price < 0" })).toEqual(
      failed(`${name} does not satisfy "select count(*) = 0 from data where price < 0": it gives 0`),
    );
    expect(await check({ sql: "select cost from data" })).toEqual(
      failed(
        `the SQL check of ${name} can't be run: no such column: cost; the columns are id, name, price: "select cost from data"`,
      ),
    );
  });
});

describe("a query", () => {
  test.each([
    ["select id, name from data limit 1", "it gives 2 values, one is expected"],
    ["select id from data", "it gives more than one row"],
    ["select id from data where 0", "it gives no row"],
    ["select 'true'", 'it gives the text "true"'],
    ["select null", "it gives null"],
    ["", "statement"],
    ["nonsense", "syntax error"],
  ])("must give one true value: %s", async (sql, problem) => {
    const verdict = await checkFile("d.csv", "id,name\n1,a\n2,b\n", { sql });
    expect(verdict).toEqual(failed(expect.stringContaining(problem)));
  });

  test.each([
    "attach '/tmp/other' as other",
    "insert into data values (1, 2) returning 1",
    "delete from data returning 1",
    "create table other (a)",
    "drop table data",
    "pragma table_info(data)",
    "select count(*) from pragma_database_list",
    "select load_extension('x')",
    "vacuum into '/tmp/other'",
    "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n",
  ])("may do nothing else: %s", async (sql) => {
    const verdict = await checkFile("d.csv", "id,name\n1,a\n", { sql });
    expect(verdict).toEqual(failed(expect.stringContaining("only one SELECT over data is allowed")));
  });

  test("leading zeros and long digits stay what they are", async () => {
    const csv = "zip,long\n00501,12345678901234567890123\n";
    const sql = "select zip = '00501' and long = '12345678901234567890123' from data";
    expect(await checkFile("d.csv", csv, { sql })).toEqual(passed);
  });

  test("columns with odd names are asked for by quoting them", async () => {
    const sql = 'select sum("a ""b""; drop") = 3 from data';
    expect(await checkFile("d.json", '[{"a \\"b\\"; drop":1},{"a \\"b\\"; drop":2}]', { sql })).toEqual(
      passed,
    );
  });
});

describe("a broken table says why", () => {
  test.each([
    ["d.csv", "a,b\n1\n", "Invalid Record Length"],
    ["d.csv", "", "it is empty"],
    ["d.json", "{}", "it is no array of objects"],
    ["d.json", "[1]", "its item 1 is no object"],
    ["d.json", "[{]", "no valid JSON"],
    ["d.jsonl", '{"a":1}\n{"a"\n', "line 2"],
    ["d.parquet", "PAR1 no", "parquet"],
    ["d.txt", "a", "is no table"],
    ["d.csv", "a,A\n1,2\n", "duplicate column name"],
  ])("%s with %j", async (name, content, problem) => {
    const verdict = await checkFile(name, content, { min_rows: 0, sql: "select 1" });
    expect(verdict).toEqual(failed(expect.stringContaining(problem)));
  });
});

describe("a JSON Schema", () => {
  const schema = (fields: object): string => JSON.stringify({ type: "object", ...fields });

  test("is satisfied or names the place", async () => {
    const json_schema = schema({
      required: ["a"],
      properties: { a: { type: "array", items: { type: "integer" } } },
    });
    expect(await checkFile("a.json", '{"a":[1],"b":0}', { json_schema })).toEqual(passed);
    expect(await checkFile("a.json", '{"a":[1,"x"]}', { json_schema })).toEqual(
      failed(expect.stringMatching(/^a\.json at a\.1: .*expected (int|number)/)),
    );
    expect(await checkFile("a.json", "{}", { json_schema })).toEqual(
      failed(expect.stringContaining("at a:")),
    );
    expect(await checkFile("a.json", "{", { json_schema })).toEqual(
      failed(expect.stringContaining("no valid JSON")),
    );
  });

  test("with definitions of an older draft", async () => {
    const json_schema = schema({
      definitions: { n: { type: "number" } },
      properties: { a: { $ref: "#/definitions/n" } },
    });
    expect(await checkFile("a.json", '{"a":1}', { json_schema })).toEqual(passed);
    expect(await checkFile("a.json", '{"a":"1"}', { json_schema })).toMatchObject({ passed: false });
  });

  test.each(["{", "[]", '{"if":{}}', '{"$ref":"http://example.com/a.json"}'])(
    "that can't be used: %s",
    async (json_schema) => {
      const verdict = await checkFile("a.json", "{}", { json_schema });
      expect(verdict).toEqual(failed(expect.stringContaining("the JSON Schema for a.json can't be used")));
    },
  );
});

test("problems are whole lines without control characters, and not too many", async () => {
  const contains = Array.from({ length: 40 }, (_, index) => `text ${index}`);
  const many = await checkFile("a.txt", "", { contains });
  expect(many.problems).toHaveLength(31);
  expect(many.problems.at(-1)).toBe("and 10 more");
  const header = Array.from({ length: 20 }, (_, index) => `"\u001B[31m\n${index}${"x".repeat(200)}"`).join(
    ",",
  );
  const { problems } = await checkFile("a.csv", `${header}\n`, { columns: ["a"] });
  expect(problems).toHaveLength(1);
  expect(problems[0]).not.toMatch(/\p{Cc}/u);
  expect(problems[0]?.length).toBeLessThan(700);
});
