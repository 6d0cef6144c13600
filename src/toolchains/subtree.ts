/** Folders of what was fetched or made: what lies in them says nothing about the tree. */
const NOT_SOURCE = new Set([
  "node_modules",
  "vendor",
  "venv",
  "site-packages",
  "__pycache__",
  "dist",
  "target",
  "testdata",
  "fixtures",
  "__fixtures__",
]);

/** The part of a tree below one directory, with paths relative to it. */
export class Subtree {
  /** Relative to the root of the tree; empty for the root itself. */
  readonly directory: string;
  readonly #files: ReadonlyMap<string, string>;
  #paths: readonly string[] | null = null;

  constructor(files: ReadonlyMap<string, string>, directory: string) {
    this.directory = directory;
    this.#files = files;
  }

  /** Sorted, without folders of what was fetched or made and without those whose name starts with a dot. */
  get paths(): readonly string[] {
    const prefix = this.#full("");
    this.#paths ??= [...this.#files.keys()]
      .filter((path) => path.startsWith(prefix))
      .map((path) => path.slice(prefix.length))
      .filter(isSource)
      .toSorted();
    return this.#paths;
  }

  /** Also finds what `paths` leaves out. */
  has(path: string): boolean {
    return this.#files.has(this.#full(path));
  }

  /** Null when there is no such file. */
  read(path: string): string | null {
    return this.#files.get(this.#full(path)) ?? null;
  }

  some(name: RegExp): boolean {
    return this.paths.some((path) => name.test(path));
  }

  #full(path: string): string {
    return this.directory === "" ? path : `${this.directory}/${path}`;
  }
}

function isSource(path: string): boolean {
  const folders = path.split("/").slice(0, -1);
  return !folders.some((folder) => folder.startsWith(".") || NOT_SOURCE.has(folder));
}
