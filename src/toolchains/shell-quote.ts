/** The word as one argument of a shell, whatever characters it has. */
export function shellQuote(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word) && !word.startsWith("-")) return word;
  // A leading dash would be read as an option.
  const safe = word.startsWith("-") ? `./${word}` : word;
  return `'${safe.replaceAll("'", String.raw`'\''`)}'`;
}
