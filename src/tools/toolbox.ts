import { z } from "zod";

import type { RoleName } from "../core/role-name.ts";
import type { CheckedHttp } from "../ports/egress.ts";
import type { RoleTool, ToolSource } from "../ports/role-tool.ts";
import type { Toolbox, ToolScene } from "../ports/toolbox.ts";
import { readingTools, writingTools } from "./file-tools.ts";
import { createHttpGetTool } from "./http-get.ts";
import { type CommandParts, runCommand } from "./run-command.ts";

export type ToolboxParts = CommandParts & {
  readonly http: CheckedHttp;
  /** Tools of configured MCP servers; null when there are none. */
  readonly others: ToolSource | null;
};

/** What a role may have at most, whatever is granted; the rest writes or runs, which is the Implementer's alone. */
const READING: ReadonlySet<RoleName> = new Set([
  "director",
  "project_manager",
  "architect",
  "implementer",
  "qa",
]);
/** Reaches the outside, so that it is only for those who ask for it. */
const ON_REQUEST: ReadonlySet<string> = new Set(["http_get"]);

export function createToolbox(parts: ToolboxParts): Toolbox {
  return {
    open: async (scene) => {
      if (!READING.has(scene.role)) return [];
      const own = [
        ...readingTools(scene.tree),
        readArtifact(scene),
        createHttpGetTool(parts.http),
        ...(scene.role === "implementer"
          ? [...writingTools(scene.tree), runCommand(parts, scene) as RoleTool]
          : []),
      ];
      const { granted } = scene;
      const usual = own.filter(({ name }) =>
        granted === null ? !ON_REQUEST.has(name) : granted.includes(name),
      );
      const others = (await parts.others?.toolsFor(scene.role, scene.signal)) ?? [];
      return [...usual, ...others.filter(({ name }) => granted === null || granted.includes(name))];
    },
    close: async () => {
      await parts.others?.close();
      await parts.http.close();
    },
  };
}

function readArtifact({ lookUp }: ToolScene): RoleTool {
  const given = z.strictObject({
    id: z.string().describe("Id of an artifact revision (a3) or of a receipt (r2)."),
  });
  return {
    name: "read_artifact",
    description: "Reads an earlier revision of a file, or the output of a receipt, by its id.",
    arguments: given,
    semantics: "read",
    local: true,
    untrusted: false,
    run: async (value) => {
      const { id } = given.parse(value);
      const content = await lookUp(id);
      if (content === null) return { content: `There is no artifact or receipt ${id}.`, is_error: true };
      return { content: content === "" ? "(It is empty.)" : content, is_error: false };
    },
  };
}
