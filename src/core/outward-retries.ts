const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** What Standard Webhooks 1.0 advises for a receiver that is away: soon at first, then for about a day. It serves deliveries too. */
const DELAYS_MS = [
  5 * SECOND,
  30 * SECOND,
  2 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  8 * HOUR,
  8 * HOUR,
];

/** How often something is sent outside at most, before it is left to a person. */
export const OUTWARD_ATTEMPTS = DELAYS_MS.length + 1;

/**
 * Milliseconds to wait after the `attempt`-th attempt (from 1) has failed, a fifth more or less, so that what failed
 * together does not come back together. `jitter` is uniform in [0, 1).
 */
export function outwardRetryDelayMs(attempt: number, jitter: number): number {
  const place = Math.min(Math.max(attempt, 1), DELAYS_MS.length) - 1;
  return Math.round(DELAYS_MS[place]! * (0.8 + 0.4 * jitter));
}
