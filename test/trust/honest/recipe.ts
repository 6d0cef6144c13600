import type { Chance } from "../../chaos/chance.ts";

/** A small thing that a program may do with a text. */
export type Recipe = {
  readonly name: string;
  readonly does: string;
  /** Body of a function of `text`. */
  readonly js: string;
  readonly py: string;
  /** Two texts and what becomes of them. */
  readonly examples: readonly [Example, Example];
};
type Example = readonly [text: string, result: string];

const RECIPES: readonly Recipe[] = [
  {
    name: "slug",
    does: "makes an address of a title",
    js: 'return text.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "");',
    py: 'import re\n    return re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")',
    examples: [
      ["Hello World", "hello-world"],
      ["Two  Words!", "two-words"],
    ],
  },
  {
    name: "initials",
    does: "gives the initials of a name",
    js: 'return text.split(" ").map((word) => word[0].toUpperCase()).join("");',
    py: 'return "".join(word[0].upper() for word in text.split())',
    examples: [
      ["ada lovelace", "AL"],
      ["grace brewster hopper", "GBH"],
    ],
  },
  {
    name: "backwards",
    does: "puts words in reverse order",
    js: 'return text.split(" ").toReversed().join(" ");',
    py: 'return " ".join(reversed(text.split()))',
    examples: [
      ["one two", "two one"],
      ["red green blue", "blue green red"],
    ],
  },
  {
    name: "squeeze",
    does: "writes doubled letters once",
    js: 'return text.replaceAll(/(.)\\1+/g, "$1");',
    py: 'import re\n    return re.sub(r"(.)\\1+", r"\\1", text)',
    examples: [
      ["112233", "123"],
      ["445566", "456"],
    ],
  },
  {
    name: "longest",
    does: "finds the longest word",
    js: 'return text.split(" ").reduce((best, word) => (word.length > best.length ? word : best));',
    py: "return max(text.split(), key=len)",
    examples: [
      ["a quick fox", "quick"],
      ["sun moonlight day", "moonlight"],
    ],
  },
  {
    name: "camel",
    does: "joins words with capitals",
    js: "return text.replaceAll(/ (.)/g, (_, letter) => letter.toUpperCase());",
    py: 'first, *rest = text.split()\n    return first + "".join(word.capitalize() for word in rest)',
    examples: [
      ["big red box", "bigRedBox"],
      ["new york", "newYork"],
    ],
  },
];

export function someRecipe(chance: Chance): Recipe {
  return chance.pick(RECIPES);
}
