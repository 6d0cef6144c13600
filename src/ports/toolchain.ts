import type { FileCheck } from "../core/check.ts";
import type { Stage } from "../core/receipt.ts";
import type { WorkingDirectory } from "./workspace.ts";

export type ToolchainStage = {
  readonly stage: Exclude<Stage, "check">;
  readonly command: string;
  /** Programs that must be found on PATH, else the stage is unavailable. */
  readonly requires: readonly string[];
  /** Registries that it may reach. */
  readonly network: readonly string[];
  /** Whether its failure blocks: what only warns is false. */
  readonly blocks: boolean;
};

/** What a tree is made with, and how it is prepared, built and tested. */
export type DetectedToolchain = { readonly name: string; readonly stages: readonly ToolchainStage[] };

/** Finds the toolchains of a tree by its files. A custom one that can't be read is a problem, not a guess. */
export type DetectToolchains = (files: ReadonlyMap<string, string>) => {
  readonly toolchains: readonly DetectedToolchain[];
  readonly problems: readonly string[];
};

export type ContentVerdict = { readonly passed: boolean; readonly problems: readonly string[] };

/** Checks of contents that run no code of the tree. What a model has written can neither hold up nor crash the server. */
export interface ContentChecker {
  checkFile(check: FileCheck, directory: WorkingDirectory, signal: AbortSignal): Promise<ContentVerdict>;
  /** What is wrong with the documents (links, headings) and data files (they parse) of a tree, by toolchain name. */
  examine(
    files: ReadonlyMap<string, string>,
    signal: AbortSignal,
  ): Promise<readonly { readonly toolchain: "documents" | "data"; readonly verdict: ContentVerdict }[]>;
  close(): Promise<void>;
}
