import { z } from "zod";

import { allowedTools, type McpServerSettings } from "../config/mcp-servers.ts";
import { TOOL_NAME } from "../config/mcp-servers.ts";
import { digestOf } from "./pin.ts";
import { namespacedTool } from "./tool-name.ts";
import { schemaProblem } from "./tool-schema.ts";

/** A tool as its server describes it: nothing is cleaned or cut yet, so that the hash sees every change. */
export type ListedTool = {
  readonly name: string;
  readonly description: string;
  readonly input_schema: Readonly<Record<string, unknown>>;
  readonly read_only: boolean;
  readonly digest: string;
};

export type Listing = {
  readonly tools: ReadonlyMap<string, ListedTool>;
  /** Allowed tools that are left out, each as a sentence that can go into the log. */
  readonly refused: readonly string[];
};

const RawTool = z.looseObject({
  name: z.string(),
  description: z.string().nullish(),
  inputSchema: z.looseObject({ type: z.literal("object") }),
  annotations: z.looseObject({ readOnlyHint: z.boolean().optional() }).nullish().catch(null),
});
const Named = z.looseObject({ name: z.string() });

/** The allowed tools of what a server lists. Where two would look the same to a model, none of them is taken. */
export function readListing(listed: readonly unknown[], settings: McpServerSettings): Listing {
  const allowed = allowedTools(settings);
  const tools: ListedTool[] = [];
  const refused: string[] = [];
  for (const item of listed) {
    const { data } = Named.safeParse(item);
    if (!data || (allowed !== "all" && !allowed.has(data.name))) continue;
    const read = readTool(data);
    if (typeof read === "string") refused.push(`${JSON.stringify(data.name.slice(0, 128))} ${read}`);
    else tools.push(read);
  }
  const shadowing = shadows(tools, settings.name);
  refused.push(...shadowing.map((name) => `${JSON.stringify(name)} shadows another tool of the same name`));
  const kept = tools.filter(({ name }) => !shadowing.includes(name));
  return { tools: new Map(kept.map((tool) => [tool.name, tool])), refused };
}

function readTool(item: unknown): ListedTool | string {
  const { data } = RawTool.safeParse(item);
  if (!data) return "is no tool as MCP defines it";
  if (!TOOL_NAME.test(data.name))
    return "has a name that is not made of letters, digits, dots, hyphens and underscores";
  const problem = schemaProblem(data.inputSchema);
  if (problem !== null) return problem;
  const tool = {
    name: data.name,
    description: data.description ?? "",
    input_schema: data.inputSchema,
    read_only: data.annotations?.readOnlyHint === true,
  };
  return { ...tool, digest: digestOf(tool) };
}

function shadows(tools: readonly ListedTool[], server: string): string[] {
  const counts = new Map<string, number>();
  const seenAs = (tool: ListedTool): string => namespacedTool(server, tool.name.toLowerCase());
  for (const tool of tools) counts.set(seenAs(tool), (counts.get(seenAs(tool)) ?? 0) + 1);
  return tools.filter((tool) => counts.get(seenAs(tool)) !== 1).map(({ name }) => name);
}
