/** One limit of a goal: a figure of this run, and how large (or small) it may be. */
export type Goal = {
  readonly number: number;
  readonly text: string;
  readonly figure: number | null;
  readonly limit: number;
  readonly more: boolean;
};

export function ratio(value: number | null, base: number | null): number | null {
  return value === null || base === null || base === 0 ? null : value / base;
}

export function atMost(number: number, text: string, limit: number, figure: number | null): Goal {
  return { number, text, figure, limit, more: false };
}

export function atLeast(number: number, text: string, limit: number, figure: number | null): Goal {
  return { number, text, figure, limit, more: true };
}
