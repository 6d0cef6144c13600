import { Chance } from "../chance.ts";

/** So many of these, which ones the seed decides; all of them when there are not more. */
export function chosenFrom<T>(
  all: readonly T[],
  { size, seed }: { readonly size: number; readonly seed: string },
): readonly T[] {
  if (size >= all.length) return all;
  const chance = new Chance(seed, "chosen");
  const drawn = all.map((one) => ({ one, place: chance.next() }));
  return drawn
    .toSorted((left, right) => left.place - right.place)
    .slice(0, size)
    .map(({ one }) => one);
}
