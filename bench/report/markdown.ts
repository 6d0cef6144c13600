export type TableCell = string | number | boolean | null;

/** A Markdown table; numbers get as many digits as their size deserves. */
export function table(header: readonly string[], rows: readonly (readonly TableCell[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rule = header.map((_, index) => (index === 0 ? "---" : "---:"));
  return [line(header), line(rule), ...rows.map((row) => line(row.map(shown)))].join("\n");
}

export function shown(cell: TableCell): string {
  if (cell === null) return "–";
  if (typeof cell === "boolean") return cell ? "yes" : "no";
  if (typeof cell === "string") return cell;
  const size = Math.abs(cell);
  if (size >= 1000) return Math.round(cell).toLocaleString("en");
  return String(Number(cell.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3)));
}
