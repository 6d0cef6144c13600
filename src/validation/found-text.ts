import { firstFew } from "../core/first-few.ts";
const MOST = 20;
const LONGEST = 80;

/** A text of the tree inside a problem. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > LONGEST * 2 ? `${text.slice(0, LONGEST * 2)}…` : text);
}

/** Names of the tree, cut and counted; `none` when there are none. */
export function listed(names: readonly string[], none: string): string {
  if (names.length === 0) return none;
  const shown = names.map((name) => (name.length > LONGEST ? `${name.slice(0, LONGEST)}…` : name));
  return firstFew(shown, MOST);
}
