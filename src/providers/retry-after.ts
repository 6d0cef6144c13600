type HeaderReader = (name: string) => string | null;

/** Milliseconds that the provider asks to wait, read from Retry-After in seconds or as an HTTP date; null when it does not say. */
export function retryAfterMs(header: HeaderReader, now: number): number | null {
  const milliseconds = Number(header("retry-after-ms") ?? Number.NaN);
  if (milliseconds >= 0) return Math.ceil(milliseconds);
  const value = header("retry-after");
  if (value === null || value.trim() === "") return null;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, Math.ceil(seconds * 1000));
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
