import type { ToolchainStage } from "../ports/toolchain.ts";
import type { Subtree } from "./subtree.ts";

/** One kind of toolchain: how it is known by its files, and what is then run. */
export type Toolchain = {
  readonly name: string;
  /** Whether the top of this subtree holds the file that describes such a project. */
  readonly hasManifest: (tree: Subtree) => boolean;
  /** Whether a tree without any manifest is still one of these; asked for the root only. */
  readonly looksLikeOne: (tree: Subtree) => boolean;
  /** The commands for the top of this subtree, in the order of running; all of them without questions to a person. */
  readonly stagesOf: (tree: Subtree) => readonly ToolchainStage[];
};

type Step = Pick<ToolchainStage, "stage" | "command" | "requires"> & Partial<ToolchainStage>;

/** A stage without network whose failure blocks, unless it says otherwise. */
export function stage(step: Step): ToolchainStage {
  return { network: [], blocks: step.stage !== "lint", ...step };
}

/**
 * Where the stages of one project keep what they fetch, for a shell: the home of a command vanishes with it. Workspaces
 * leave directories of this name out of what they take over.
 */
export const CACHE = '"$PWD"/.cache';
