const PER_DOLLAR = 1_000_000;
/** Decimal digits that a sum of products of prices has right. */
const SOUND_DIGITS = 12;

/**
 * Money as whole millionths of a US dollar, so that sums over many calls are exact. Rounds up: what was spent never
 * counts as less.
 */
export function toMicroDollars(usd: number): number {
  return Math.max(0, Math.ceil(Number((usd * PER_DOLLAR).toPrecision(SOUND_DIGITS))));
}

export function toDollars(microDollars: number): number {
  return microDollars / PER_DOLLAR;
}
