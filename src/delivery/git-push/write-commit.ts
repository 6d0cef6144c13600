import { Readable } from "node:stream";

import { DeliveryError } from "../../ports/delivery-action.ts";
import { runGit } from "../../workspace/git.ts";
import { blobId, type Tree, type TreeChanges } from "../merge-trees.ts";
import type { Repository } from "./read-history.ts";

export type NewCommit = {
  readonly parent: string | null;
  readonly tree: Tree;
  /** From the tree of the parent. */
  readonly changes: TreeChanges;
  readonly contents: ReadonlyMap<string, string>;
  readonly message: string;
  readonly author: string;
  readonly committer: string;
  /** RFC 3339 */
  readonly at: string;
};

const REF = "refs/orca/delivery";
const WRITING_MS = 120_000;

/** Makes the commit and gives its id, which depends on nothing but what is given. */
export async function writeCommit(repository: Repository, commit: NewCommit): Promise<string> {
  const { gitDir, signal } = repository;
  const importing = ["fast-import", "--quiet", "--done", "--force", "--cat-blob-fd=1", "--date-format=raw"];
  const input = Readable.from(importStream(commit));
  const limits = { timeoutMs: WRITING_MS, mostBytes: 64 * 1024, signal };
  const written = await runGit({ gitDir, args: importing, input, ...limits });
  if (!written.ok) throw new DeliveryError(`The commit can't be made. Git says: ${written.stderr}`);
  return written.stdout.toString("latin1").trim();
}

function* importStream(commit: NewCommit): Generator<Buffer> {
  const { parent, tree, changes, contents, message } = commit;
  const put = [...changes.added, ...changes.changed];
  const written = new Set<string>();
  for (const path of put) {
    const content = contents.get(path);
    const id = content === undefined ? null : blobId(content);
    // What people have made of it since stays as it is, and is there already.
    if (content === undefined || id === null || !tree.get(path)!.endsWith(id) || written.has(id)) continue;
    written.add(id);
    yield* data("blob", content);
  }
  const time = `${Math.max(0, Math.floor(Date.parse(commit.at) / 1000))} +0000`;
  const who = `commit ${REF}\nmark :1\nauthor ${commit.author} ${time}\ncommitter ${commit.committer} ${time}`;
  yield* data(who, message);
  const lines = [
    ...(parent === null ? [] : [`from ${parent}`]),
    ...changes.deleted.map((path) => `D ${quoted(path)}`),
    ...put.map((path) => `M ${tree.get(path)} ${quoted(path)}`),
  ];
  yield Buffer.from([...lines, "", "get-mark :1", "done", ""].join("\n"));
}

function* data(head: string, text: string): Generator<Buffer> {
  const bytes = Buffer.from(text);
  yield Buffer.from(`${head}\ndata ${bytes.length}\n`);
  yield bytes;
  yield Buffer.from("\n");
}

function quoted(path: string): string {
  const escaped = path.replaceAll(/["\\]/g, (character) => `\\${character}`).replaceAll("\n", String.raw`\n`);
  return `"${escaped}"`;
}
