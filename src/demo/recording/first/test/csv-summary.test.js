import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { parseCsv } from "../src/parse-csv.js";
import { summarize } from "../src/summarize.js";

const CLI = fileURLToPath(new URL("../src/cli.js", import.meta.url));

function runCli(...args) {
  return spawnSync(process.execPath, [CLI, ...args], { encoding: "utf8" });
}

test("quoted fields may hold commas, line breaks and doubled quotes", () => {
  const { rows } = parseCsv('name,note\r\n"Ash, tall","said ""hi""\nand left"\r\n');
  assert.deepEqual(rows, [["Ash, tall", 'said "hi"\nand left']]);
});

test("a row of another width is refused with its number", () => {
  assert.throws(() => parseCsv("a,b\n1,2\n3\n"), /row 2 has 1 fields, the header has 2/);
});

test("a quote that is never closed is refused", () => {
  assert.throws(() => parseCsv('a\n"open\n'), /never closed/);
});

test("columns of numbers get min, max and mean", () => {
  const [price] = summarize(parseCsv("price\n10\n20\n-3.5\n"));
  assert.deepEqual(price, {
    name: "price",
    kind: "number",
    count: 3,
    missing: 0,
    min: -3.5,
    max: 20,
    mean: 26.5 / 3,
  });
});

test("other columns get the number of distinct values", () => {
  const [tree] = summarize(parseCsv("tree\nash\noak\nash\n"));
  assert.deepEqual(tree, { name: "tree", kind: "text", count: 3, missing: 0, distinct: 2 });
});

test("blank cells count as missing and stay out of every figure", () => {
  const [tree, height] = summarize(parseCsv("tree,height\nash,10\n,\noak, \nash,20\n"));
  assert.deepEqual(tree, { name: "tree", kind: "text", count: 3, missing: 1, distinct: 2 });
  assert.deepEqual(height, {
    name: "height",
    kind: "number",
    count: 2,
    missing: 2,
    min: 10,
    max: 20,
    mean: 15,
  });
});

test("the command prints one line per column under a line of titles", (context) => {
  const directory = mkdtempSync(join(tmpdir(), "csv-summary-"));
  context.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "trees.csv");
  writeFileSync(file, "tree,height\nash,21\noak,17.5\n");
  const { status, stdout, stderr } = runCli(file);
  assert.equal(stderr, "");
  assert.equal(status, 0);
  assert.deepEqual(stdout.trimEnd().split("\n"), [
    "column  kind    count  missing  min   max  mean   distinct",
    "tree    text    2      0        -     -    -      2",
    "height  number  2      0        17.5  21   19.25  -",
  ]);
});

test("a file that can't be read is one line on stderr and exit code 1", () => {
  const { status, stdout, stderr } = runCli("no-such-file.csv");
  assert.equal(status, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /^csv-summary: no-such-file\.csv: .*\n$/);
});

test("a missing argument is one line on stderr and exit code 2", () => {
  const { status, stdout, stderr } = runCli();
  assert.equal(status, 2);
  assert.equal(stdout, "");
  assert.equal(stderr, "csv-summary: usage: csv-summary <file.csv>\n");
});
