import { createHash, randomBytes } from "node:crypto";
import { mkdir, rename, utimes } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";

import { refusalOfPath } from "../core/artifact-path.ts";
import { makeDirectory } from "../files/make-directory.ts";
import { type TreeHistory, type TreeRevision, WorkspaceError } from "../ports/workspace.ts";
import { runGit } from "./git.ts";
import { removeTree } from "./remove-tree.ts";
import { codeOf } from "./walk-tree.ts";

export const HISTORY_NAME = "history.git";

const AUTHOR = "ts-orca <ts-orca@localhost>";
const IMPORT_TIME_MS = 60_000;
const DIFF_TIME_MS = 30_000;
const TRIES = 6;

type MarkedRevision = TreeRevision & {
  /** Of everything that makes the commit what it is, those before it included. */
  readonly print: string;
};

/**
 * The diff between two revisions from the repository `<home>/history.git`, which is made, added to and made anew as
 * needed. A revision is known by its print, so one that got another content under its old name is added as well.
 * Rejects with a WorkspaceError.
 */
export async function diffHistory(
  home: string,
  history: TreeHistory,
  range: { readonly from: string; readonly to: string; readonly most: number },
): Promise<string> {
  const revisions = withPrints(history.revisions);
  const from = revisionOf(revisions, range.from);
  const to = revisionOf(revisions, range.to);
  const gitDir = join(home, HISTORY_NAME);
  for (let attempt = 1; ; attempt += 1) {
    try {
      await makeRepository(home, gitDir);
      await addMissing(gitDir, revisions, history.read);
      return await diff(gitDir, { from: prints(from), to: prints(to), most: range.most });
    } catch (error) {
      if (!(error instanceof WorkspaceError) || error.code !== "git_failed" || attempt === TRIES) throw error;
      // Another process that holds a lock is done soon. A lock that stays belongs to a dead one, and what is broken is not mended.
      if (attempt < TRIES - 2 && /\.lock'|cannot lock/i.test(error.message)) await delay(50 * 2 ** attempt);
      else await discard(home, gitDir);
    }
  }
}

function revisionOf(revisions: readonly MarkedRevision[], name: string): MarkedRevision {
  const found = revisions.findLast((revision) => revision.name === name);
  if (found !== undefined) return found;
  const known = [...new Set(revisions.map((revision) => revision.name))].join(", ");
  throw new WorkspaceError(
    "unknown_revision",
    `There is no revision ${JSON.stringify(name.slice(0, 200))}. ${known === "" ? "There are none yet." : `Known are ${known}.`}`,
  );
}

function withPrints(revisions: readonly TreeRevision[]): MarkedRevision[] {
  let before = "";
  return revisions.map((revision) => {
    const files = [...revision.files].toSorted(([a], [b]) => (a < b ? -1 : 1));
    const whole = JSON.stringify([before, revision.name, revision.message, revision.at, files]);
    before = createHash("sha256").update(whole).digest("hex");
    return { ...revision, print: before };
  });
}

function prints({ print }: MarkedRevision): string {
  return `refs/orca-prints/${print}`;
}

/** The ref that people see: `refs/orca/base`, `refs/orca/task/<key>`, `refs/orca/cycle/<n>`. */
export function refOf(name: string): string {
  const [, kind, key] = /^(task:|cycle-)?(.*)$/s.exec(name)!;
  const folder = kind === undefined ? "" : `${kind.slice(0, -1)}/`;
  return `refs/orca/${folder}${refName(key!)}`;
}

/** Git allows few characters in refs; a long key would be no file name. */
function refName(key: string): string {
  const safe = key.replaceAll(/[^A-Za-z0-9_-]/gu, (character) =>
    [...Buffer.from(character)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
      .join(""),
  );
  if (safe !== "" && safe.length <= 100) return safe;
  return `${safe.slice(0, 80)}-${createHash("sha256").update(key).digest("hex").slice(0, 12)}`;
}

/** Made beside and moved, so that another process never sees half of it. */
async function makeRepository(home: string, gitDir: string): Promise<void> {
  const now = new Date();
  try {
    await utimes(gitDir, now, now); // the sweep goes by this
    return;
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
  await makeDirectory(home, 0o700);
  const fresh = join(home, `new-${randomBytes(8).toString("hex")}`);
  await mkdir(fresh, { mode: 0o700 });
  try {
    await git(fresh, ["init", "--bare", "--quiet", "--template=", "--initial-branch=none"], DIFF_TIME_MS);
    await rename(fresh, gitDir);
  } catch (error) {
    await removeTree(fresh);
    if (!["ENOTEMPTY", "EEXIST"].includes(codeOf(error))) throw error;
  }
}

async function discard(home: string, gitDir: string): Promise<void> {
  const old = join(home, `old-${randomBytes(8).toString("hex")}`);
  try {
    await rename(gitDir, old);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  await removeTree(old);
}

async function addMissing(
  gitDir: string,
  revisions: readonly MarkedRevision[],
  read: TreeHistory["read"],
): Promise<void> {
  const listed = await git(gitDir, ["for-each-ref", "--format=%(refname)", "refs/orca-prints"], DIFF_TIME_MS);
  const present = new Set(listed.split("\n"));
  const last = revisions.findLastIndex((revision) => present.has(prints(revision)));
  if (last === revisions.length - 1) return;
  const input = Readable.from(importStream(revisions, last, read));
  await git(
    gitDir,
    ["fast-import", "--quiet", "--done", "--force", "--date-format=raw"],
    IMPORT_TIME_MS,
    input,
  );
}

/** What `git fast-import` reads, for the revisions after `last`. Ids depend on nothing but the revisions. */
async function* importStream(
  revisions: readonly MarkedRevision[],
  last: number,
  read: TreeHistory["read"],
): AsyncGenerator<Buffer> {
  const marks = new Map<string, number>();
  let before = last < 0 ? null : revisions[last]!;
  for (const revision of revisions.slice(last + 1)) {
    const old: ReadonlyMap<string, string> = before?.files ?? new Map<string, string>();
    const changed = [...revision.files].filter(([path, hash]) => old.get(path) !== hash);
    const wanted = [...new Set(changed.map(([, hash]) => hash))].filter((hash) => !marks.has(hash));
    const contents = wanted.length === 0 ? new Map<string, string>() : await read(wanted);
    for (const hash of wanted) {
      const content = contents.get(hash);
      if (content === undefined)
        throw new WorkspaceError(
          "unusable",
          `The content ${hash} of revision ${revision.name} is not stored.`,
        );
      marks.set(hash, marks.size + 1);
      yield* blob(marks.get(hash)!, content);
    }
    const gone = [...old.keys()].filter((path) => !revision.files.has(path));
    yield Buffer.from(
      [
        `commit ${prints(revision)}`,
        `committer ${AUTHOR} ${seconds(revision)} +0000`,
        data(revision.message),
        ...(before === null ? [] : [`from ${prints(before)}`]),
        ...gone.map((path) => `D ${quoted(path)}`),
        ...changed.map(([path, hash]) => `M 100644 :${marks.get(hash)} ${quoted(path)}`),
        "",
        `reset ${refOf(revision.name)}`,
        `from ${prints(revision)}`,
        "",
        "",
      ].join("\n"),
    );
    before = revision;
  }
  yield Buffer.from("done\n");
}

function* blob(mark: number, content: string): Generator<Buffer> {
  const bytes = Buffer.from(content, "utf8");
  yield Buffer.from(`blob\nmark :${mark}\ndata ${bytes.length}\n`);
  yield bytes;
  yield Buffer.from("\n");
}

function data(text: string): string {
  const whole = text.endsWith("\n") ? text : `${text}\n`;
  return `data ${Buffer.byteLength(whole)}\n${whole}`;
}

function seconds({ name, at }: TreeRevision): number {
  const time = Date.parse(at);
  if (Number.isNaN(time))
    throw new WorkspaceError("unusable", `The revision ${name} has the time ${at}, which is no RFC 3339.`);
  return Math.max(0, Math.floor(time / 1000));
}

function quoted(path: string): string {
  const refusal = refusalOfPath(path);
  if (refusal !== null)
    throw new WorkspaceError("unusable", `${JSON.stringify(path)} cannot be in a history: ${refusal}`);
  return `"${path}"`; // such a path has neither quotes nor backslashes nor line breaks
}

async function diff(
  gitDir: string,
  range: { readonly from: string; readonly to: string; readonly most: number },
): Promise<string> {
  const args = [
    "diff",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--find-renames",
    "--src-prefix=a/",
    "--dst-prefix=b/",
  ];
  // At most 4 bytes a character, and one more to see that there is more.
  const result = await runGit({
    gitDir,
    args: [...args, range.from, range.to, "--"],
    timeoutMs: DIFF_TIME_MS,
    mostBytes: range.most * 4 + 1,
  });
  if (!result.ok && !result.cut) throw failed("diff", result);
  return cutBetweenLines(result.stdout.toString("utf8"), range.most, result.cut);
}

function cutBetweenLines(text: string, most: number, cut: boolean): string {
  if (text.length <= most && !cut) return text;
  return text.slice(0, text.lastIndexOf("\n", most - 1) + 1);
}

async function git(
  gitDir: string,
  args: readonly string[],
  timeoutMs: number,
  input?: Readable,
): Promise<string> {
  const result = await runGit({
    gitDir,
    args,
    timeoutMs,
    mostBytes: 8 * 1024 ** 2,
    ...(input === undefined ? {} : { input }),
  });
  if (!result.ok) throw failed(args[0]!, result);
  return result.stdout.toString("utf8");
}

function failed(
  command: string,
  result: { readonly stderr: string; readonly timedOut: boolean },
): WorkspaceError {
  const why = result.timedOut ? "it took too long" : result.stderr || "it said nothing";
  return new WorkspaceError("git_failed", `git ${command} failed on the history of the workflow: ${why}`);
}
