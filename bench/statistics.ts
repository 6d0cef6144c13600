/** The value below which `share` of the numbers lie; null when there are none. */
export function percentile(numbers: readonly number[], share: number): number | null {
  const sorted = Float64Array.from(numbers).toSorted();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
}

export function median(numbers: readonly number[]): number | null {
  const sorted = Float64Array.from(numbers).toSorted();
  const lower = sorted[(sorted.length - 1) >> 1];
  const upper = sorted[sorted.length >> 1];
  return lower === undefined || upper === undefined ? null : (lower + upper) / 2;
}

export function rounded(value: number | null, digits = 3): number | null {
  return value === null ? null : Number(value.toFixed(digits));
}
