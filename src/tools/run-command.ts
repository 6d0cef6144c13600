import { z } from "zod";

import type { RoleTool, ToolOutput } from "../ports/role-tool.ts";
import { type Sandbox, type SandboxResult, SandboxUnavailableError } from "../ports/sandbox.ts";
import type { ToolScene } from "../ports/toolbox.ts";
import type { Workspaces } from "../ports/workspace.ts";

export type CommandParts = {
  readonly sandbox: Sandbox;
  readonly workspaces: Pick<Workspaces, "create">;
};

const MOST_SKIPPED = 10;

/** Runs a command on a copy of the tree, and takes over the files that it leaves. */
export function runCommand(
  { sandbox, workspaces }: CommandParts,
  scene: ToolScene,
): RoleTool<{ command: string }> {
  return {
    name: "run_command",
    description:
      "Runs a shell command in the root of the tree, in a sandbox without network, and shows its exit code and output. Files that it writes are kept. Nothing goes on running after it.",
    arguments: z.strictObject({ command: z.string().min(1).describe("For bash: node --test.") }),
    semantics: "read",
    local: false,
    untrusted: false,
    run: async ({ command }, { signal }) => {
      const directory = await workspaces.create(scene.place, await scene.tree.files());
      try {
        const limits = { time_ms: scene.command_timeout_ms };
        const result = await sandbox.run({ command, directory: directory.path, limits, signal });
        return outputOf(command, result, await directory.changes());
      } catch (error) {
        if (error instanceof SandboxUnavailableError)
          return { content: `No command can be run here: ${error.message}`, is_error: true };
        throw error;
      } finally {
        await directory.remove();
      }
    },
  };
}

function outputOf(
  command: string,
  { exit_code, ended_by, output, duration_ms }: SandboxResult,
  { written, deleted, skipped }: Awaited<ReturnType<Awaited<ReturnType<Workspaces["create"]>>["changes"]>>,
): ToolOutput {
  const ending =
    ended_by === "timeout"
      ? `It was ended after ${duration_ms} ms: it took too long.`
      : exit_code === null
        ? "It was ended by a signal."
        : `Exit code ${exit_code}.`;
  const changed = [...written.map(({ path }) => path), ...deleted.map((path) => `${path} (deleted)`)];
  const notes = [
    changed.length > 0 ? `Changed: ${changed.join(", ")}` : "",
    skipped.length > 0
      ? `Not kept: ${skipped
          .slice(0, MOST_SKIPPED)
          .map(({ path, reason }) => `${path} (${reason})`)
          .join(", ")}`
      : "",
  ].filter((note) => note !== "");
  return {
    content: [ending, ...notes, output].join("\n"),
    is_error: false,
    changes: { written, deleted },
    ran: { command, exit_code },
  };
}
