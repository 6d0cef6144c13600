import { pathKey } from "../core/artifact-path.ts";

/** What is taken over from a directory at most; what is beyond is reported and stays behind. */
export const CHANGE_LIMITS = {
  file_bytes: 1024 ** 2,
  /** New files; changed ones are as many as there were. */
  files: 2_000,
  bytes: 8 * 1024 ** 2,
  /** Names that are looked at, in all directories together. */
  entries: 50_000,
  /** Directories in one another; each costs a descriptor. */
  depth: 64,
  /** Lines in the report of what was left behind. */
  skipped: 200,
} as const;

export const IMPORT_LIMITS = {
  file_bytes: 512 * 1024,
  files: 2_000,
  bytes: 16 * 1024 ** 2,
  /** Files of any kind that are looked at. */
  entries: 20_000,
  /** What git may fetch, in one file. */
  fetched_bytes: 512 * 1024 ** 2,
  time_ms: 120_000,
} as const;

/**
 * Directories that tools fill and that are made anew by the same command: dependencies, caches and build output.
 * What a command puts in them is not work. Files of the tree itself that lie in them are followed all the same.
 */
export const GENERATED_DIRECTORIES: ReadonlySet<string> = new Set([
  ".git",
  ".hg",
  ".svn",
  "node_modules",
  ".npm",
  ".pnpm-store",
  ".yarn",
  "__pycache__",
  ".pytest_cache",
  ".mypy_cache",
  ".ruff_cache",
  ".tox",
  ".venv",
  "venv",
  "target",
  "build",
  "dist",
  "out",
  ".gradle",
  ".next",
  ".cache",
  "coverage",
]);

/** Finds paths that are one file, or a file and its directory, where case and the spelling of accents do not count. */
export class Twins {
  readonly #files = new Map<string, string>();
  readonly #directories = new Map<string, string>();

  /** Takes the path in, or says which one stands in its way. */
  refusalOf(path: string): string | null {
    const key = pathKey(path);
    const twin = this.#files.get(key) ?? this.#directories.get(key);
    if (twin !== undefined) return `it is the same as ${twin} where case does not count`;
    const above = parentsOf(key);
    for (const parent of above) {
      const file = this.#files.get(parent);
      if (file !== undefined) return `it lies in ${file}, which is a file where case does not count`;
    }
    this.#files.set(key, path);
    for (const parent of above) this.#directories.set(parent, path.slice(0, parent.length));
    return null;
  }
}

/** `a/b/c` lies in `a` and `a/b`. */
export function parentsOf(path: string): string[] {
  const names = path.split("/");
  return names.slice(1).map((_, index) => names.slice(0, index + 1).join("/"));
}
