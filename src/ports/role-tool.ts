import type { z } from "zod";

import type { RoleName } from "../core/role-name.ts";
import type { ToolSemantics } from "../core/tool-semantics.ts";
import type { TreeChanges } from "./workspace.ts";

/** What a tool call brought; an error is told to the model, which may go on. */
export type ToolOutput = {
  readonly content: string;
  readonly is_error: boolean;
  /** What it has changed in the tree, so that a later attempt has the same without doing it again. */
  readonly changes?: Pick<TreeChanges, "written" | "deleted">;
  /** The command that it ran in the sandbox; `exit_code` is null when a signal ended it. */
  readonly ran?: { readonly command: string; readonly exit_code: number | null };
};

/** Something that a role may do while it thinks. */
export interface RoleTool<Arguments = unknown> {
  /** Letters, digits and underscores, 64 at most. */
  readonly name: string;
  readonly description: string;
  readonly arguments: z.ZodType<Arguments>;
  readonly semantics: ToolSemantics;
  /**
   * Whether it only works on the step's own tree: then a later attempt does it again on the same answers, and no record of
   * its result is needed. Any other result is served from the journal.
   */
  readonly local: boolean;
  /** Whether its results come from outside of the workflow: they are marked as data that nobody vouches for. */
  readonly untrusted: boolean;
  /** Rejects only when `signal` is aborted or the server itself is broken. */
  run(given: Arguments, call: { readonly key: string; readonly signal: AbortSignal }): Promise<ToolOutput>;
}

/** Tools that come from elsewhere, such as MCP servers. */
export interface ToolSource {
  toolsFor(role: RoleName, signal: AbortSignal): Promise<readonly RoleTool[]>;
  close(): Promise<void>;
}
