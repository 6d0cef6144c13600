import { gzipSync } from "node:zlib";

import { parquetMetadata } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describe, expect, test } from "vitest";

import type { FileCheck } from "../core/check.ts";
import { contentChecks } from "./content-checker.testsuite.ts";

/** Less than production's, so that the tests are quick; what fits into this fits into that. */
const checkFile = contentChecks({ time_ms: 2_000, heap_mb: 128 });
/** Long enough for memory to end it first. */
const patiently = contentChecks({ time_ms: 60_000, heap_mb: 128 });
const WITHIN_MS = 90_000;

const failedWith = (problem: string | RegExp) => ({
  passed: false,
  problems: expect.arrayContaining([expect.stringMatching(problem)]),
});
const TOO_LONG = /could not be checked within 2 s/;

describe("takes no longer than the limit", () => {
  const table = `n\n${"1\n".repeat(5_000)}`;

  test.each([
    ["a join without end", "d.csv", table, { sql: "select count(*) from data a, data b, data c, data d" }],
    [
      "a join of values without end",
      "d.csv",
      table,
      {
        sql: `with v(x) as (values ${"(1),".repeat(99)}(1)) select count(*) from v, v a, v b, v c, v d, v e`,
      },
    ],
    [
      "a pattern that backtracks",
      "a.json",
      JSON.stringify(`${"a".repeat(50)}!`),
      { json_schema: JSON.stringify({ type: "string", pattern: "^(a+)+$" }) },
    ],
  ])(
    "%s",
    async (_, name, content, check) => {
      const started = performance.now();
      expect(await checkFile(name, content, check)).toEqual(failedWith(TOO_LONG));
      expect(performance.now() - started).toBeLessThan(15_000);
      // Another one is started for what comes next.
      expect(await checkFile("a.txt", "a", { contains: ["a"] })).toEqual({ passed: true, problems: [] });
    },
    WITHIN_MS,
  );
});

describe("takes no more memory than the limit", () => {
  test(
    "SQL that makes much of little",
    async () => {
      const check = (sql: string) => checkFile("d.csv", `n\n${"1\n".repeat(20_000)}`, { sql });
      expect(await check("select length(zeroblob(900000000))")).toEqual(failedWith("too big"));
      expect(await check("select length(group_concat(zeroblob(1000000))) from data")).toEqual(
        failedWith("too big|out of memory"),
      );
      const wide =
        "select count(*) from (select distinct a.rowid, b.rowid, randomblob(10000) from data a, data b)";
      expect(await check(wide)).toEqual(failedWith(/out of memory|within 2 s/));
    },
    WITHIN_MS,
  );

  test(
    "JSON that does not fit",
    async () => {
      const content = `[${"[],".repeat(8_000_000)}[]]`;
      const verdict = await patiently("a.json", content, { json_schema: '{"type":"object"}' });
      expect(verdict).toEqual(failedWith("a.json needs more memory"));
    },
    WITHIN_MS,
  );

  test(
    "Parquet that expands without end",
    async () => {
      const whole = parquetWriteBuffer({
        columnData: [{ name: "a", data: ["x".repeat(10_000)], type: "STRING" }],
      });
      expect(parquetMetadata(whole).row_groups[0]?.columns[0]?.meta_data?.codec).toBe("SNAPPY");
      const forged = withPageLength(new Uint8Array(whole), 2 ** 30 - 1);
      expect(await checkFile("a.parquet", forged, { sql: "select 1" })).toEqual(
        failedWith("expands to more than 256 MB"),
      );
    },
    WITHIN_MS,
  );

  test(
    "Parquet of more rows than it has bytes",
    async () => {
      const data = Array.from({ length: 4_000_000 }, () => 1);
      const bytes = parquetWriteBuffer({ columnData: [{ name: "a", data, type: "INT32" }] });
      const verdict = await checkFile("a.parquet", new Uint8Array(bytes), { min_rows: 5_000_000 });
      expect(verdict).toEqual(failedWith(/has 4000000 rows|needs more memory|within 2 s/));
    },
    WITHIN_MS,
  );

  test("bytes that are no Parquet", async () => {
    const bytes = Buffer.concat([
      Buffer.from("PAR1"),
      gzipSync(Buffer.alloc(1_000)),
      Buffer.from([255, 255, 255, 127]),
      Buffer.from("PAR1"),
    ]);
    expect(await checkFile("a.parquet", bytes, { columns: ["a"] })).toEqual(
      failedWith("can't be read as a table"),
    );
  });
});

/**
 * Gives the first page another uncompressed length: in Thrift's compact protocol, the number (zigzag, 7 bits a byte) after
 * the page type. What follows moves by a few bytes: the compressed length after it is made less by that.
 */
function withPageLength(bytes: Uint8Array, length: number): Uint8Array {
  const start = 7;
  let end = start;
  while (((bytes[end] ?? 0) & 0x80) !== 0) end += 1;
  const number: number[] = [];
  for (let left = BigInt(length) * 2n; left > 0n; left >>= 7n) number.push(Number(left & 0x7fn) | 0x80);
  number.push((number.pop() ?? 0) & 0x7f);
  const rest = bytes.slice(end + 1);
  rest[1] = (rest[1] ?? 0) - 20;
  return Buffer.concat([bytes.subarray(0, start), Buffer.from(number), rest]);
}

describe("is read or refused in words", () => {
  test(
    "a CSV file of 30 MB",
    async () => {
      const csv = `id,name\n${`1,${"x".repeat(100)}\n`.repeat(300_000)}`;
      expect(await checkFile("d.csv", csv, { min_rows: 300_001 })).toEqual(
        failedWith("has 300000 rows, at least 300001|within 2 s"),
      );
    },
    WITHIN_MS,
  );

  test(
    "a file longer than is read",
    async () => {
      const verdict = await checkFile("d.csv", new Uint8Array(65 * 1024 ** 2), { min_rows: 1 });
      expect(verdict).toEqual(failedWith("d.csv can't be read: "));
    },
    WITHIN_MS,
  );

  test(
    "a quoted field without end",
    async () => {
      expect(await checkFile("d.csv", `a\n"${"x\n".repeat(3_000_000)}`, { min_rows: 1 })).toEqual(
        failedWith("Max Record Size|Quote Not Closed"),
      );
    },
    WITHIN_MS,
  );

  test.each([
    ["a.json", "[".repeat(100_000) + "]".repeat(100_000), { json_schema: "true" }, "deeper than 1000 levels"],
    ["a.json", '{"a":'.repeat(100_000), { min_rows: 1 }, "deeper than 1000 levels"],
    ["a.json", "{}", { json_schema: '{"not":'.repeat(100_000) }, "deeper than 1000 levels"],
    ["a.json", "[1]", { json_schema: '{"items":{"$ref":"#"},"$ref":"#"}' }, "JSON Schema"],
    ["a.md", `${">".repeat(100_000)} a`, { headings: ["a"] }, "nested too deeply|within 2 s"],
    [
      "a.md",
      `${"[".repeat(50_000)}a${"](b)".repeat(50_000)}`,
      { min_words: 100_000 },
      "words|within 2 s|nested too deeply",
    ],
    ["d.csv", `${"a,".repeat(100_000)}b\n`, { sql: "select 1" }, "duplicate column|too many columns|within"],
  ] as readonly [string, string, Partial<FileCheck>, string][])(
    "%s of %.20s…",
    async (name, content, check, problem) => {
      expect(await checkFile(name, content, check)).toEqual(failedWith(problem));
    },
    WITHIN_MS,
  );
});

test(
  "the file that is at fault is named",
  async () => {
    const nested = `${">".repeat(100_000)} a`;
    const verdicts = await checkFile.examine({
      "a.md": "# A\n",
      "b.md": nested,
      "c.md": "# C\n",
      "d.json": "[]",
    });
    expect(verdicts["data"]).toEqual({ passed: true, problems: [] });
    expect(verdicts["documents"]).toEqual({ passed: false, problems: [expect.stringMatching(/^b\.md /)] });
  },
  WITHIN_MS,
);
