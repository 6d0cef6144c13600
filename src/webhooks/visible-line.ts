/** Text of another machine as one short line for records and terminals, without the secrets that it may repeat. */
export function visibleLine(text: string, secrets: readonly string[], longest = 200): string {
  const hidden = secrets
    .filter((secret) => secret !== "")
    .reduce((kept, secret) => kept.replaceAll(secret, "[secret]"), text);
  // What can't be seen or turns the direction of a line has no place in a terminal.
  const line = hidden.replaceAll(/[\p{C}\p{Z}\s]+/gu, " ").trim();
  if (line.length <= longest) return line;
  return `${line.slice(0, longest).replace(/[\uD800-\uDBFF]$/, "")}…`;
}
