import { createHash } from "node:crypto";

const LONGEST = 64;
const DIGITS = 8;

/**
 * The name that a model sees, the same for as long as server and tool keep theirs. Two tools of one server may get the
 * same one, two of different servers never do.
 */
export function namespacedTool(server: string, tool: string): string {
  const full = `mcp__${server}__${tool}`.replaceAll(/[^A-Za-z0-9_]/g, "_");
  if (full.length <= LONGEST) return full;
  const digest = createHash("sha256").update(`${server}/${tool}`).digest("hex").slice(0, DIGITS);
  return `${full.slice(0, LONGEST - DIGITS - 1)}_${digest}`;
}
