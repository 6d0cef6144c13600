import { createHash } from "node:crypto";

export type TreeEntry = { readonly mode: string; readonly sha: string };
export type Person = { readonly name: string; readonly email: string; readonly date: string };
export type Commit = {
  readonly sha: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: Person;
  readonly committer: Person;
  readonly message: string;
};
/** A change of a tree; `sha` null deletes the path. */
export type TreeEdit = { readonly path: string; readonly mode: string; readonly sha: string | null };

const DIRECTORY = "040000";

/** What git stores, under the ids that git gives it. */
export class GitObjects {
  readonly blobs = new Map<string, Buffer>();
  readonly trees = new Map<string, ReadonlyMap<string, TreeEntry>>();
  readonly commits = new Map<string, Commit>();

  writeBlob(content: Buffer): string {
    const sha = idOf("blob", content);
    this.blobs.set(sha, content);
    return sha;
  }

  writeCommit(commit: Omit<Commit, "sha">): string {
    const line = (role: string, { name, email, date }: Person): string =>
      `${role} ${name} <${email}> ${Math.floor(Date.parse(date) / 1000)} +0000\n`;
    const head = `tree ${commit.tree}\n${commit.parents.map((parent) => `parent ${parent}\n`).join("")}`;
    const people = line("author", commit.author) + line("committer", commit.committer);
    const sha = idOf("commit", Buffer.from(`${head}${people}\n${commit.message}`));
    this.commits.set(sha, { sha, ...commit });
    return sha;
  }

  /** Writes a tree of files, its directories included. */
  writeFiles(files: ReadonlyMap<string, TreeEntry>): string {
    const entries = new Map<string, TreeEntry>();
    const below = new Map<string, Map<string, TreeEntry>>();
    for (const [path, entry] of files) {
      const slash = path.indexOf("/");
      if (slash < 0) entries.set(path, entry);
      else {
        const directory = path.slice(0, slash);
        const inside = below.get(directory) ?? new Map<string, TreeEntry>();
        below.set(directory, inside.set(path.slice(slash + 1), entry));
      }
    }
    for (const [name, inside] of below) entries.set(name, { mode: DIRECTORY, sha: this.writeFiles(inside) });
    return this.#writeTree(entries);
  }

  #writeTree(entries: ReadonlyMap<string, TreeEntry>): string {
    const sortName = ([name, { mode }]: [string, TreeEntry]): Buffer =>
      Buffer.from(mode === DIRECTORY ? `${name}/` : name);
    const sorted = [...entries].toSorted((left, right) => Buffer.compare(sortName(left), sortName(right)));
    const bytes = sorted.flatMap(([name, { mode, sha }]) => [
      Buffer.from(`${mode.replace(/^0/, "")} ${name}\0`),
      Buffer.from(sha, "hex"),
    ]);
    const sha = idOf("tree", Buffer.concat(bytes));
    this.trees.set(sha, new Map(sorted));
    return sha;
  }

  /** Every file of a tree by its whole path. */
  filesOf(tree: string, prefix = ""): Map<string, TreeEntry> {
    const files = new Map<string, TreeEntry>();
    for (const [name, entry] of this.trees.get(tree) ?? []) {
      if (entry.mode !== DIRECTORY) files.set(prefix + name, entry);
      else for (const [path, file] of this.filesOf(entry.sha, `${prefix}${name}/`)) files.set(path, file);
    }
    return files;
  }

  /** Null when an edit deletes what is not there or names an object that does not exist. */
  editTree(base: string | null, edits: readonly TreeEdit[]): string | null {
    const files = base === null ? new Map<string, TreeEntry>() : this.filesOf(base);
    for (const { path, mode, sha } of edits) {
      const inside = [...files.keys()].filter((file) => file === path || file.startsWith(`${path}/`));
      if (sha === null && inside.length === 0) return null;
      for (const file of inside) files.delete(file);
      if (sha === null) continue;
      if (mode === DIRECTORY) {
        if (!this.trees.has(sha)) return null;
        for (const [file, entry] of this.filesOf(sha, `${path}/`)) files.set(file, entry);
      } else if (mode === "160000" || this.blobs.has(sha)) {
        for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1))
          files.delete(path.slice(0, at));
        files.set(path, { mode, sha });
      } else return null;
    }
    return this.writeFiles(files);
  }

  /** All commits that can be reached, newest first where that can be told. */
  historyOf(tip: string): Commit[] {
    const seen = new Map<string, Commit>();
    const left = [tip];
    for (let sha = left.shift(); sha !== undefined; sha = left.shift()) {
      const commit = this.commits.get(sha);
      if (commit === undefined || seen.has(sha)) continue;
      seen.set(sha, commit);
      left.push(...commit.parents);
    }
    return [...seen.values()];
  }

  isAncestor(older: string, newer: string): boolean {
    return this.historyOf(newer).some(({ sha }) => sha === older);
  }

  mergeBase(one: string, other: string): string | null {
    const known = new Set(this.historyOf(one).map(({ sha }) => sha));
    return this.historyOf(other).find(({ sha }) => known.has(sha))?.sha ?? null;
  }
}

function idOf(type: string, content: Buffer): string {
  return createHash("sha1").update(`${type} ${content.length}\0`).update(content).digest("hex");
}
