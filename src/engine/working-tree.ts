import { pathKey, refusalOfPath } from "../core/artifact-path.ts";
import { directoriesAbove } from "../core/workflow/directories.ts";
import type { ArtifactState } from "../core/workflow/state.ts";
import type { TenantStorage } from "../ports/storage.ts";
import type { WorkingTree } from "../ports/working-tree.ts";
import type { TreeFile } from "../ports/workspace.ts";

type Entry =
  | { readonly path: string; readonly hash: string }
  | { readonly path: string; readonly content: string };

/** The tree of stored artifacts, read when it is asked for, with what the step has changed over it. */
export class ArtifactTree implements WorkingTree {
  readonly #storage: Pick<TenantStorage, "readBlobs">;
  readonly #entries: Map<string, Entry>;
  readonly #base: ReadonlyMap<string, ArtifactState>;

  constructor(storage: Pick<TenantStorage, "readBlobs">, artifacts: readonly ArtifactState[]) {
    this.#storage = storage;
    this.#base = new Map(artifacts.map((artifact) => [pathKey(artifact.path), artifact]));
    this.#entries = new Map(artifacts.map(({ path, hash }) => [pathKey(path), { path, hash }]));
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
    this.#entries.set(key, { path, content });
    return null;
  }

  delete(path: string): string | null {
    return this.#entries.delete(pathKey(path)) ? null : "there is no such file";
  }

  async files(): Promise<readonly TreeFile[]> {
    const stored = [...this.#entries.values()].flatMap((entry) => ("hash" in entry ? entry.hash : []));
    const contents = stored.length === 0 ? new Map<string, string>() : await this.#storage.readBlobs(stored);
    return [...this.#entries.values()].map((entry) => ({
      path: entry.path,
      content: "content" in entry ? entry.content : contentOf(contents, entry),
    }));
  }

  apply({ written, deleted }: Parameters<WorkingTree["apply"]>[0]): void {
    for (const path of deleted) this.#entries.delete(pathKey(path));
    for (const { path, content } of written) this.#entries.set(pathKey(path), { path, content });
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
