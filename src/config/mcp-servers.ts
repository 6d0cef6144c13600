import { z } from "zod";

import { RoleName } from "../core/role-name.ts";

/** What an MCP server may call a tool. */
export const TOOL_NAME = /^(?=.*[A-Za-z0-9])[A-Za-z0-9_.-]{1,128}$/;
const SERVER_NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const ONE_LINE = /^[^\r\n\0]*$/;

const ToolName = z
  .string()
  .regex(TOOL_NAME, "a tool is named with letters, digits, dots, hyphens and underscores");
const line = z.string().max(8_192).regex(ONE_LINE, "write it on one line");

const StdioSettings = z.strictObject({
  kind: z.literal("stdio"),
  command: line.min(1).describe("Program to start: an absolute path, or a name that is found on its PATH."),
  args: z.array(line).max(64).default([]),
  env: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), line)
    .default({})
    .describe("Its whole environment besides PATH, HOME, TMPDIR and LANG."),
});

const HttpSettings = z.strictObject({
  kind: z.literal("http"),
  url: z
    .url({ protocol: /^https?$/ })
    .refine(hasNoUser, "write credentials as a header, not into the address")
    .describe("Endpoint for streamable HTTP."),
  headers: z
    .record(z.string().regex(HEADER_NAME), line)
    .default({})
    .describe("Sent with every request, such as its own Authorization."),
});

/** An MCP server as the operator of this installation defines it. Nothing here may come from a tenant or a model. */
export const McpServerSettings = z.strictObject({
  name: z
    .string()
    .max(24)
    .regex(SERVER_NAME, "use lower-case letters, digits and single hyphens between them")
    .describe("Its tools are called mcp__<name>__<tool>."),
  transport: z.discriminatedUnion("kind", [StdioSettings, HttpSettings]),
  roles: z
    .partialRecord(RoleName, z.union([z.literal("all"), z.array(ToolName).max(128)]))
    .default({})
    .describe("Tools that each role may use, by name, or all; a role that is not named gets none."),
  pin: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "use the 64 hexadecimal digits that the log names")
    .nullable()
    .default(null)
    .describe("SHA-256 of the approved tools; null approves what is found at first use."),
  semantics: z
    .record(ToolName, z.enum(["read", "keyed", "ask"]))
    .default({})
    .describe(
      "What a call allows whose end nobody heard of; ask, or read where the server calls a tool read-only.",
    ),
  timeout_s: z.int().min(1).max(3_600).default(60).describe("Longest that one call may take."),
  max_result_bytes: z
    .int()
    .min(256)
    .max(4_194_304)
    .default(65_536)
    .describe("Longest result that a role is shown."),
});
export type McpServerSettings = z.infer<typeof McpServerSettings>;

/** The servers of an installation, each under a name of its own. */
export const McpServers = z
  .array(McpServerSettings)
  .refine((servers) => new Set(servers.map(({ name }) => name)).size === servers.length, {
    error: "two MCP servers have the same name",
  });

/** The tools that any role may use. */
export function allowedTools({ roles }: McpServerSettings): "all" | ReadonlySet<string> {
  const lists = Object.values(roles);
  return lists.includes("all") ? "all" : new Set(lists.flat());
}

function hasNoUser(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && url.username === "" && url.password === "";
}
