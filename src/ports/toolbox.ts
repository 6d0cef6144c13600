import type { RoleName } from "../core/role-name.ts";
import type { RoleTool } from "./role-tool.ts";
import type { WorkingTree } from "./working-tree.ts";
import type { WorkflowPlace } from "./workspace.ts";

/** Where a role's tools work. */
export type ToolScene = {
  readonly role: RoleName;
  readonly place: WorkflowPlace;
  readonly tree: WorkingTree;
  /** Names that the workflow or its configuration grants; null is what is usual for the role. */
  readonly granted: readonly string[] | null;
  readonly command_timeout_ms: number;
  /** The output of earlier runs by id, and earlier revisions by artifact id. */
  readonly lookUp: (id: string) => Promise<string | null>;
  readonly signal: AbortSignal;
};

/** Gives each role the tools that it may use. What it may not use it is not told of. */
export interface Toolbox {
  open(scene: ToolScene): Promise<readonly RoleTool[]>;
  close(): Promise<void>;
}
