/** Milliseconds from one moment to a later one, both RFC 3339 in UTC; 0 when a clock was set back in between. */
export function elapsedMs(from: string, to: string): number {
  return Math.max(0, milliseconds(to) - milliseconds(from));
}

function milliseconds(time: string): number {
  // oxlint-disable-next-line no-restricted-globals -- reads a text, not a clock
  return Date.parse(time);
}
