/**
 * What a sentence is about in any wording: its words without case, numbers, punctuation and the smallest words, sorted.
 * Two findings on one criterion and one component with the same fingerprint are one finding.
 */
export function fingerprintOf(text: string): string {
  const words = text
    .slice(0, MOST_READ)
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[^\p{L}\s]+/gu, " ")
    .split(/\s+/)
    .filter((word) => word.length > 2 && !SMALL.has(word));
  return [...new Set(words)].toSorted().join(" ");
}

/** Nobody needs more characters to tell what a finding is about. */
const MOST_READ = 20_000;

const SMALL: ReadonlySet<string> = new Set(
  "the and for with that this are was were has have had but not its from into does did been being there still again also very".split(
    " ",
  ),
);
