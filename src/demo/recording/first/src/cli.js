#!/usr/bin/env node
import { readFileSync } from "node:fs";

import { parseCsv } from "./parse-csv.js";
import { summarize } from "./summarize.js";

const TITLES = ["column", "kind", "count", "missing", "min", "max", "mean", "distinct"];

function formatTable(columns) {
  const lines = [TITLES, ...columns.map(cellsOf)];
  const widths = TITLES.map((_, index) => Math.max(...lines.map((line) => line[index].length)));
  return lines.map((line) =>
    line
      .map((cell, index) => cell.padEnd(widths[index]))
      .join("  ")
      .trimEnd(),
  );
}

function cellsOf({ name, kind, count, missing, min, max, mean, distinct }) {
  return [name, kind, count, missing, min, max, mean, distinct].map((value) => {
    if (value === undefined) return "-";
    return typeof value === "number" ? String(Number(value.toFixed(4))) : value.replaceAll(/\s+/g, " ");
  });
}

function fail(message, exitCode) {
  process.stderr.write(`csv-summary: ${message}\n`);
  process.exitCode = exitCode;
}

function main([path, ...rest]) {
  if (path === undefined || rest.length > 0) return fail("usage: csv-summary <file.csv>", 2);
  try {
    const columns = summarize(parseCsv(readFileSync(path, "utf8")));
    process.stdout.write(`${formatTable(columns).join("\n")}\n`);
  } catch (error) {
    fail(`${path}: ${error.message}`, 1);
  }
}

main(process.argv.slice(2));
