import type { SpendKey } from "../../ports/usage.ts";

/** Rows that several write at once are always locked in this order, so that no two wait for each other. */
export function inLockOrder<Key extends SpendKey>(keys: readonly Key[]): Key[] {
  return keys.toSorted((left, right) => (placeOf(left) < placeOf(right) ? -1 : 1));
}

export function storedScope({ scope_id }: SpendKey): string {
  return scope_id ?? "";
}

function placeOf(key: SpendKey): string {
  return `${storedScope(key)}\n${key.period}`;
}
