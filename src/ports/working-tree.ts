import type { TreeFile } from "./workspace.ts";

/**
 * The files of one step while a role works on them. They lie in memory: nothing that a model names reaches the disk, so
 * there are no links, devices or directories to be led out by.
 */
export interface WorkingTree {
  /** Every path, sorted. */
  paths(): readonly string[];
  /** Null when there is no such file. Paths are compared as file systems without case compare them. */
  read(path: string): Promise<string | null>;
  /** Why this path can't be written, null when it was. */
  write(path: string, content: string): string | null;
  /** Why this path can't be deleted, null when it was. */
  delete(path: string): string | null;
  /** All files with their contents. */
  files(): Promise<readonly TreeFile[]>;
}
