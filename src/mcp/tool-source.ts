import type { z } from "zod";

import type { McpServerSettings } from "../config/mcp-servers.ts";
import type { RoleName } from "../core/role-name.ts";
import type { ToolSemantics } from "../core/tool-semantics.ts";
import type { RoleTool, ToolOutput, ToolSource } from "../ports/role-tool.ts";
import { cleanLine } from "./clean-text.ts";
import { McpServerError } from "./mcp-server-error.ts";
import type { ListedTool } from "./read-listing.ts";
import { type ConnectionParts, ServerConnection } from "./server-connection.ts";
import { namespacedTool } from "./tool-name.ts";
import { toolArguments } from "./tool-schema.ts";

const LONGEST_DESCRIPTION = 2_000;
/** As many as the vendors accept in one request. */
const MOST_TOOLS_OF_A_SERVER = 128;
const MOST_PROBLEMS = 5;

/** The tools of all servers, each of them connected when a role that may use it first asks for tools. */
export function createMcpToolSource(
  servers: readonly McpServerSettings[],
  parts: ConnectionParts,
): ToolSource {
  const connections = servers.map((settings) => new ServerConnection(settings, parts));
  const offersOf = async (
    connection: ServerConnection,
    role: RoleName,
    signal: AbortSignal,
  ): Promise<readonly RoleTool[]> => {
    try {
      return offer(connection, await connection.toolsFor(role, signal));
    } catch (error) {
      signal.throwIfAborted();
      parts.logger.warn(
        { mcp_server: connection.settings.name, role, error },
        "The tools of an MCP server are left out",
      );
      return [];
    }
  };
  return {
    toolsFor: async (role, signal) => {
      signal.throwIfAborted();
      const found = await Promise.all(connections.map((connection) => offersOf(connection, role, signal)));
      return found.flat();
    },
    close: async () => {
      await Promise.all(connections.map((connection) => connection.close()));
    },
  };
}

function offer(connection: ServerConnection, tools: readonly ListedTool[]): readonly RoleTool[] {
  if (tools.length <= MOST_TOOLS_OF_A_SERVER) return tools.map((tool) => roleTool(connection, tool));
  const message = `has ${tools.length} tools for this role, and no model takes more than ${MOST_TOOLS_OF_A_SERVER}. Name in roles those that it needs.`;
  throw new McpServerError(connection.settings.name, "unavailable", { message });
}

function roleTool(connection: ServerConnection, tool: ListedTool): RoleTool {
  const { settings } = connection;
  const semantics = semanticsOf(settings.semantics, tool);
  const given = toolArguments(tool.input_schema);
  return {
    name: namespacedTool(settings.name, tool.name),
    description: cleanLine(tool.description, LONGEST_DESCRIPTION),
    arguments: given.arguments,
    semantics,
    local: false,
    untrusted: true,
    run: async (values, { key, signal }): Promise<ToolOutput> => {
      signal.throwIfAborted();
      const checked = given.arguments.safeParse(values);
      if (!checked.success) return { content: describeProblems(checked.error), is_error: true };
      return connection.call(tool, { given: values, key, signal, semantics });
    },
  };
}

function semanticsOf(chosen: McpServerSettings["semantics"], tool: ListedTool): ToolSemantics {
  const set = Object.hasOwn(chosen, tool.name) ? chosen[tool.name] : undefined;
  return set ?? (tool.read_only ? "read" : "ask");
}

function describeProblems({ issues }: z.ZodError): string {
  const lines = issues
    .slice(0, MOST_PROBLEMS)
    .map(({ path, message }) => `- ${path.length === 0 ? "arguments" : path.join(".")}: ${message}`);
  return ["Nothing was sent: the arguments do not fit.", ...lines].join("\n");
}
