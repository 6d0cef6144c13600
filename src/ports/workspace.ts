export type TreeFile = { readonly path: string; readonly content: string };

/** What a command has left behind in a directory, beside what was put there. */
export type TreeChanges = {
  /** New files and changed ones, regular and UTF-8, by path. */
  readonly written: readonly TreeFile[];
  readonly deleted: readonly string[];
  /** What is not taken over: links, devices, binary or too large files, refused names. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
};

/** A tree on disk, for commands to run in. Nothing else of the server reads or writes it meanwhile. */
export interface WorkingDirectory {
  /** Absolute. */
  readonly path: string;
  /** Reads without following links, whatever the commands have made of the directory. */
  changes(): Promise<TreeChanges>;
  /** A regular file as bytes, null when there is none; rejects when it is longer than `most`. */
  read(path: string, most: number): Promise<Uint8Array | null>;
  remove(): Promise<void>;
}

/** One committed state of a tree: `name` is `base`, `task:<key>` or `cycle-<n>`. */
export type TreeRevision = {
  readonly name: string;
  /** First line and rest of the commit message. */
  readonly message: string;
  /** RFC 3339; the same journal gives the same commits on every node. */
  readonly at: string;
  /** Hash of the content by path: the whole tree. */
  readonly files: ReadonlyMap<string, string>;
};

export type WorkflowPlace = { readonly tenant_id: string; readonly workflow_id: string };

/** The directories and the git history of workflows, on this node; all of it can be made anew from the store. */
export interface Workspaces {
  /** A new directory with just these files in it. */
  create(place: WorkflowPlace, files: readonly TreeFile[]): Promise<WorkingDirectory>;
  /**
   * The unified diff between two named revisions, cut at `most` characters between lines. The history is brought up to
   * date with `revisions` before, which are in order; `read` gives contents by hash.
   */
  diff(
    history: TreeHistory,
    range: { readonly from: string; readonly to: string; readonly most: number },
  ): Promise<string>;
}

export type TreeHistory = {
  readonly place: WorkflowPlace;
  readonly revisions: readonly TreeRevision[];
  readonly read: (hashes: readonly string[]) => Promise<ReadonlyMap<string, string>>;
};

export type RepositoryRequest = {
  /** An absolute path or an https URL. */
  readonly repo: string;
  /** Branch, tag or commit; null is its HEAD. */
  readonly ref: string | null;
  /** Directory in it that becomes the root; null is the whole. */
  readonly path: string | null;
};

export type ImportedTree = {
  readonly commit: string;
  readonly files: readonly TreeFile[];
  readonly skipped: TreeChanges["skipped"];
};

/** Reads trees of repositories that the configuration allows. */
export interface Repositories {
  /** Why this may not be read, null when it may: told when the workflow is created. */
  refusalOf(request: RepositoryRequest): string | null;
  /** Rejects with a RepositoryError. */
  read(request: RepositoryRequest, signal: AbortSignal): Promise<ImportedTree>;
}

/** `message` says what to mend. */
export class RepositoryError extends Error {
  override readonly name = "RepositoryError";
}

export const WORKSPACE_ERROR_CODES = [
  "unknown_revision",
  "git_missing",
  "git_failed",
  "too_long",
  "unusable",
] as const;

/** `message` says what to do. `unknown_revision` is the caller's mistake, `git_missing` the installation's. */
export class WorkspaceError extends Error {
  override readonly name = "WorkspaceError";
  readonly code: (typeof WORKSPACE_ERROR_CODES)[number];

  constructor(code: (typeof WORKSPACE_ERROR_CODES)[number], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
