/** Summarises every column of parsed CSV, in the order of the header. */
export function summarize({ header, rows }) {
  return header.map((name, column) =>
    summarizeColumn(
      name,
      rows.map((row) => row[column]),
    ),
  );
}

function summarizeColumn(name, cells) {
  const filled = cells.filter((cell) => cell.trim() !== "");
  const missing = cells.length - filled.length;
  const numbers = cells.map(Number);
  if (filled.length > 0 && numbers.every(Number.isFinite)) {
    return { name, kind: "number", count: filled.length, missing, ...statistics(numbers) };
  }
  return { name, kind: "text", count: filled.length, missing, distinct: new Set(filled).size };
}

function statistics(numbers) {
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  for (const number of numbers) {
    min = Math.min(min, number);
    max = Math.max(max, number);
    sum += number;
  }
  return { min, max, mean: sum / numbers.length };
}
