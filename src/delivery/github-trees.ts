import { z } from "zod";

import { pathKey } from "../core/artifact-path.ts";
import { DeliveryError } from "../ports/delivery-action.ts";
import { parentsOf } from "../workspace/tree-limits.ts";
import { type GitHubRepository, Sha } from "./github-repository.ts";
import { blobId, changesBetween, type Tree } from "./merge-trees.ts";

const Entry = z.object({
  path: z.string(),
  mode: z.enum(["100644", "100755", "120000", "040000", "160000"]),
  type: z.string(),
  sha: Sha,
});
const Listing = z.object({ sha: Sha, tree: z.array(Entry), truncated: z.boolean() });
type Listing = z.infer<typeof Listing>;
const Made = z.object({ sha: Sha });

/** GitHub takes 100 MB and warns from 50. */
const LONGEST_FILE_BYTES = 40 * 1024 ** 2;
/** Longer files are sent by themselves. */
const LONGEST_INLINE_BYTES = 1024 ** 2;
const BATCH_BYTES = 2 * 1024 ** 2;
const BATCH_FILES = 500;

/** Throws a DeliveryError for a file that GitHub would not take, before anything is sent. */
export function refuseLongFiles(
  artifacts: readonly { readonly path: string; readonly content: string }[],
): void {
  const long = artifacts.find(({ content }) => Buffer.byteLength(content) > LONGEST_FILE_BYTES);
  if (long === undefined) return;
  const megabytes = Math.ceil(Buffer.byteLength(long.content) / 1024 ** 2);
  throw new DeliveryError(
    `${JSON.stringify(long.path)} has ${megabytes} MB; GitHub is for files of at most ${LONGEST_FILE_BYTES / 1024 ** 2} MB. Nothing was sent; deliver by artifact-bundle or directory.`,
  );
}

/** Mode and id in one, as trees are compared here. */
export function entryOf(mode: string, id: string): string {
  return `${mode} ${id}`;
}

/** A file that is executable stays so; what is no plain file becomes one. */
export function idInTree({
  content,
  before,
}: {
  readonly content: string;
  readonly before: string | null;
}): string {
  return entryOf(before?.startsWith("100755 ") ? "100755" : "100644", blobId(content));
}

/** Every file of a tree; of one that GitHub does not list as a whole at least those that stand at or in the way of `paths`. */
export async function readTree(
  repository: GitHubRepository,
  sha: string,
  paths: readonly string[],
): Promise<Tree> {
  const whole = await listTree(repository, sha, true);
  const tree = new Map<string, string>();
  const add = (entry: Listing["tree"][number], prefix = ""): unknown =>
    entry.mode !== "040000" && tree.set(prefix + entry.path, entryOf(entry.mode, entry.sha));
  if (!whole.truncated) {
    for (const entry of whole.tree) add(entry);
    return tree;
  }
  const wanted = new Set(paths.flatMap((path) => [pathKey(path), ...parentsOf(pathKey(path))]));
  const open = [{ sha, prefix: "" }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { prefix } = next;
    for (const entry of (await listTree(repository, next.sha, false)).tree) {
      add(entry, prefix);
      const path = prefix + entry.path;
      if (entry.mode === "040000" && wanted.has(pathKey(path)))
        open.push({ sha: entry.sha, prefix: `${path}/` });
    }
  }
  return tree;
}

function listTree(repository: GitHubRepository, sha: string, recursive: boolean): Promise<Listing> {
  const request = { ...repository.place, tree_sha: sha, ...(recursive && { recursive: "1" }) };
  return repository.client.ask("read the tree", Listing, ({ git }) => git.getTree(request));
}

export type TreeWriting = {
  /** The tree that is changed; null for one of nothing else. */
  readonly on: string | null;
  readonly before: Tree;
  readonly after: Tree;
  /** What stands in the files that are new. */
  readonly contents: ReadonlyMap<string, string>;
};

type Edit = {
  readonly path: string;
  readonly mode: "100644" | "100755" | "120000" | "160000";
  readonly sha?: string | null;
  readonly content?: string;
};

/** The id of a tree that is `after`, read back to be sure. */
export async function writeTree(repository: GitHubRepository, writing: TreeWriting): Promise<string> {
  const { before, after } = writing;
  const { added, changed, deleted } = changesBetween(before, after);
  const edits: Edit[] = deleted.map((path) => ({ path, mode: "100644", sha: null }));
  for (const path of [...changed, ...added]) edits.push(await editOf(repository, path, writing));
  let tree = writing.on;
  for (const batch of batches(edits)) {
    const on: string | null = tree;
    const request = { ...repository.place, tree: batch, ...(on !== null && { base_tree: on }) };
    const made = await repository.client.ask("write the tree", Made, ({ git }) =>
      git.createTree(request as Parameters<typeof git.createTree>[0]),
    );
    tree = made.sha;
  }
  if (tree === null) throw new DeliveryError("There is no file to deliver.");
  const written = await readTree(repository, tree, [...after.keys()]);
  const wrong = [...changed, ...added].find((path) => written.get(path) !== after.get(path));
  const left = deleted.find((path) => written.has(path));
  if (wrong !== undefined || left !== undefined) {
    throw new DeliveryError(
      `GitHub has ${JSON.stringify(wrong ?? left)} otherwise than it was sent; nothing was delivered. Deliver again, and tell us of it if it stays so.`,
      { temporary: true },
    );
  }
  return tree;
}

async function editOf(
  repository: GitHubRepository,
  path: string,
  { after, contents }: TreeWriting,
): Promise<Edit> {
  const [mode, sha] = after.get(path)!.split(" ") as [Edit["mode"], string];
  const content = contents.get(path);
  if (content === undefined || blobId(content) !== sha) return { path, mode, sha };
  if (Buffer.byteLength(content) <= LONGEST_INLINE_BYTES) return { path, mode, content };
  const request = {
    ...repository.place,
    content: Buffer.from(content).toString("base64"),
    encoding: "base64",
  };
  const made = await repository.client.ask("write a file", Made, ({ git }) => git.createBlob(request));
  return { path, mode, sha: made.sha };
}

function* batches(edits: readonly Edit[]): Generator<Edit[]> {
  let batch: Edit[] = [];
  let bytes = 0;
  for (const edit of edits) {
    const size = Buffer.byteLength(edit.content ?? "");
    if (batch.length > 0 && (bytes + size > BATCH_BYTES || batch.length >= BATCH_FILES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(edit);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
