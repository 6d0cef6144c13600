import { pathKey, refusalOfPath } from "../core/artifact-path.ts";
import { directoriesAbove } from "../core/workflow/directories.ts";
import type { ArtifactState } from "../core/workflow/state.ts";
import type { TenantStorage } from "../ports/storage.ts";
import type { WorkingTree } from "../ports/working-tree.ts";
import type { TreeChanges, TreeFile } from "../ports/workspace.ts";
import { sha256 } from "./hash.ts";

const MOST_FILES = 4_000;
const MOST_BYTES = 48 * 1024 ** 2;

type Entry =
  | { readonly path: string; readonly hash: string }
  | { readonly path: string; readonly content: string };

/** The tree of stored artifacts, read when it is asked for, with what the step has changed over it. */
export class ArtifactTree implements WorkingTree {
  readonly #storage: Pick<TenantStorage, "readBlobs">;
  readonly #entries: Map<string, Entry>;
  readonly #base: ReadonlyMap<string, ArtifactState>;
  /** Length of each file, to keep the sum of all. */
  readonly #sizes: Map<string, number>;
  #size: number;
  #version = 0;

  constructor(storage: Pick<TenantStorage, "readBlobs">, artifacts: readonly ArtifactState[]) {
    this.#storage = storage;
    this.#base = new Map(artifacts.map((artifact) => [pathKey(artifact.path), artifact]));
    this.#entries = new Map(artifacts.map(({ path, hash }) => [pathKey(path), { path, hash }]));
    this.#sizes = new Map(artifacts.map(({ path, size }) => [pathKey(path), size]));
    this.#size = artifacts.reduce((sum, { size }) => sum + size, 0);
  }

  /** Counts the changes. */
  get version(): number {
    return this.#version;
  }

  /** The same for the same files with the same contents. */
  print(): string {
    const files = [...this.#entries.values()].map(
      (entry) => `${entry.path}\0${"hash" in entry ? entry.hash : sha256(entry.content)}`,
    );
    return sha256(JSON.stringify(files.toSorted()));
  }

  paths(): readonly string[] {
    return [...this.#entries.values()].map(({ path }) => path).toSorted();
  }

  async read(path: string): Promise<string | null> {
    const entry = this.#entries.get(pathKey(path));
    if (!entry) return null;
    if ("content" in entry) return entry.content;
    return contentOf(await this.#storage.readBlobs([entry.hash]), entry);
  }

  write(path: string, content: string): string | null {
    const refusal = refusalOfPath(path) ?? this.#obstacle(path);
    if (refusal !== null) return refusal;
    const key = pathKey(path);
    const known = this.#entries.get(key)?.path;
    if (known !== undefined && known !== path)
      return `it differs from ${known} only in case; use one spelling`;
    const full = this.#tooMuch([{ path, content }]);
    if (full !== null) return full;
    this.#set(path, content);
    return null;
  }

  delete(path: string): string | null {
    return this.#remove(path) ? null : "there is no such file";
  }

  async files(): Promise<readonly TreeFile[]> {
    const stored = [...this.#entries.values()].flatMap((entry) => ("hash" in entry ? entry.hash : []));
    const contents = stored.length === 0 ? new Map<string, string>() : await this.#storage.readBlobs(stored);
    return [...this.#entries.values()].map((entry) => ({
      path: entry.path,
      content: "content" in entry ? entry.content : contentOf(contents, entry),
    }));
  }

  /** Takes over what a command has changed: all of it, or nothing and why. */
  apply({ written, deleted }: Pick<TreeChanges, "written" | "deleted">): string | null {
    const full = this.#tooMuch(written);
    if (full !== null) return `What the command wrote was not kept: ${full}.`;
    for (const path of deleted) this.#remove(path);
    for (const { path, content } of written) this.#set(path, content);
    return null;
  }

  /** Files that the step has written or changed, by path. */
  get written(): ReadonlyMap<string, string> {
    return new Map(
      [...this.#entries.values()].flatMap((entry) =>
        "content" in entry ? [[entry.path, entry.content] as const] : [],
      ),
    );
  }

  /** Paths that were there before, and are not any more. */
  get deleted(): readonly string[] {
    return [...this.#base].flatMap(([key, { path }]) => (this.#entries.has(key) ? [] : [path]));
  }

  #set(path: string, content: string): void {
    this.#remove(path);
    const key = pathKey(path);
    this.#entries.set(key, { path, content });
    this.#sizes.set(key, content.length);
    this.#size += content.length;
    this.#version += 1;
  }

  #remove(path: string): boolean {
    const key = pathKey(path);
    if (!this.#entries.delete(key)) return false;
    this.#size -= this.#sizes.get(key) ?? 0;
    this.#sizes.delete(key);
    this.#version += 1;
    return true;
  }

  #tooMuch(added: readonly TreeFile[]): string | null {
    const known = added.filter(({ path }) => this.#entries.has(pathKey(path)));
    if (this.#entries.size + added.length - known.length > MOST_FILES)
      return `a tree has at most ${MOST_FILES} files`;
    const more = added.reduce((sum, { content }) => sum + content.length, 0);
    const less = known.reduce((sum, { path }) => sum + (this.#sizes.get(pathKey(path)) ?? 0), 0);
    return this.#size + more - less > MOST_BYTES ? `a tree has at most ${MOST_BYTES} bytes` : null;
  }

  /** A file can't lie where a directory is needed, nor the other way round. */
  #obstacle(path: string): string | null {
    const key = pathKey(path);
    const above = directoriesAbove(key).find((directory) => this.#entries.has(directory));
    if (above !== undefined)
      return `${this.#entries.get(above)?.path} is a file, so nothing can lie below it`;
    const below = [...this.#entries].find(([other]) => other.startsWith(`${key}/`));
    return below === undefined ? null : `it is a directory: ${below[1].path} lies below it`;
  }
}

function contentOf(
  contents: ReadonlyMap<string, string>,
  { path, hash }: { path: string; hash: string },
): string {
  const content = contents.get(hash);
  if (content === undefined) throw new Error(`the content of ${path} is not stored`);
  return content;
}
