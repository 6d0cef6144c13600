import { readFile, writeFile } from "node:fs/promises";

import type { Machine } from "../machine.ts";
import type { Results } from "../results.ts";
import { renderGoals } from "./goals.ts";
import { table } from "./markdown.ts";
import { renderTables } from "./tables.ts";

const MARKS = { goals: "goals", results: "results" } as const;

export type Report = { readonly goals: string; readonly results: string };

export function renderReport(results: Results, machine: Machine, command: string): Report {
  const facts = Object.entries({ ...machine, command: `\`${command}\`` });
  return {
    goals: renderGoals(results),
    results: `${table(["", ""], facts)}\n\n${renderTables(results)}`,
  };
}

/** Puts the parts of a report between their marks in a page, and leaves the words around them alone. */
export async function writePage(path: string, report: Report): Promise<void> {
  let page = await readFile(path, "utf8");
  for (const name of Object.values(MARKS)) {
    const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
    const [from, to] = [page.indexOf(begin), page.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`${path} lacks the marks ${begin} and ${end}`);
    page = `${page.slice(0, from + begin.length)}\n\n${report[name]}\n\n${page.slice(to)}`;
  }
  await writeFile(path, page);
}
