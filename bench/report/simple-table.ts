import type { Cell, Results } from "../results.ts";
import { ROWS, type SystemEntry } from "../systems.ts";
import { table } from "./markdown.ts";

/** One row a system, one column a value; null when nothing of it was measured. */
export function simpleTable(
  results: Results,
  title: string,
  cell: Cell,
  columns: readonly (readonly [header: string, value: string])[],
): string | null {
  const rows = present(results, cell).map((system) => [
    system.title,
    ...columns.map(([, value]) => results.median({ ...cell, system: system.id }, value)),
  ]);
  if (rows.length === 0) return null;
  return `### ${title}\n\n${table(["row", ...columns.map(([header]) => header)], rows)}`;
}

/** The systems of which something was measured, in their order. */
export function present(results: Results, cell: Cell): SystemEntry[] {
  return ROWS.filter((system) => results.has({ ...cell, system: system.id }));
}
