/** What a person types to run this CLI: the installed command, or npm's way of it in a checkout. */
export function commandName(script = process.argv[1] ?? ""): string {
  return /\.(ts|mjs)$/.test(script) ? "npm run -s orca --" : "orca";
}
