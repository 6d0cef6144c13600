import { DeliveryError } from "../../ports/delivery-action.ts";
import { RECEIVING } from "../../workspace/fetch-commit.ts";
import { type GitResult, runGit } from "../../workspace/git.ts";
import { IMPORT_LIMITS } from "../../workspace/tree-limits.ts";
import { failureOf, shown } from "./git-failure.ts";
import type { Remote } from "./open-remote.ts";

/** A temporary repository, and the remote that it talks to. */
export type Exchange = { readonly gitDir: string; readonly remote: Remote; readonly signal: AbortSignal };

/** What a remote has; null for what is not there. */
export type RemoteRefs = {
  readonly branch: string | null;
  readonly base: { readonly name: string; readonly commit: string } | null;
};

const ID = /^[0-9a-f]{40}$/;
const SENDING_MS = 300_000;

/** Rejects with a DeliveryError, also when the base is not there although the remote holds something. */
export async function readRefs(
  exchange: Exchange,
  wanted: { readonly branch: string; readonly base: string | null },
): Promise<RemoteRefs> {
  const names = [
    "HEAD",
    `refs/heads/${wanted.branch}`,
    ...(wanted.base ? [`refs/heads/${wanted.base}`] : []),
  ];
  const listed = await talk(exchange, ["ls-remote", "--symref", "--", exchange.remote.url, ...names]);
  if (!listed.ok) throw failureOf("Looking at the remote", listed, exchange.remote.redacted);
  const lines = listed.stdout
    .toString("utf8")
    .split("\n")
    .map((line) => line.split("\t"));
  const idOf = (name: string): string | null =>
    lines.find(([id, ref]) => ref === name && ID.test(id!))?.[0] ?? null;
  const head = lines.find(([id, ref]) => ref === "HEAD" && id!.startsWith("ref: refs/heads/"))?.[0];
  const name = wanted.base ?? head?.slice("ref: refs/heads/".length) ?? "HEAD";
  const commit = idOf(wanted.base === null ? "HEAD" : `refs/heads/${wanted.base}`);
  const branch = idOf(`refs/heads/${wanted.branch}`);
  if (commit === null && branch === null) await refuseUnlessEmpty(exchange, wanted.base);
  return { branch, base: commit === null ? null : { name, commit } };
}

async function refuseUnlessEmpty(exchange: Exchange, base: string | null): Promise<void> {
  const listed = await talk(exchange, ["ls-remote", "--heads", "--", exchange.remote.url]);
  if (!listed.ok && !listed.cut) throw failureOf("Looking at the remote", listed, exchange.remote.redacted);
  const branches = listed.stdout.toString("utf8").split("\n").filter(Boolean);
  // What nobody but workflows has pushed to has nothing to build on yet.
  if (base === null && branches.every((line) => line.includes("\trefs/heads/orca/"))) return;
  if (branches.length === 0) return;
  throw new DeliveryError(
    base === null
      ? "The HEAD of the remote leads to no branch. Name the branch to build on as base, then deliver again."
      : `The remote has no branch ${base}. Name the one to build on as base, then deliver again.`,
  );
}

/** Fetches what a commit needs; false when the remote does not give it away. */
export async function fetchObjects(
  exchange: Exchange,
  wanted: { readonly commit: string; readonly to: string; readonly depth: number },
): Promise<boolean> {
  const result = await talk(exchange, [
    ...RECEIVING,
    "fetch",
    "--quiet",
    `--depth=${wanted.depth}`,
    "--no-tags",
    "--no-recurse-submodules",
    "--no-write-fetch-head",
    "--",
    exchange.remote.url,
    `+${wanted.commit}:${wanted.to}`,
  ]);
  if (result.ok) return true;
  const isUnknown = /not our ref|unadvertised object|couldn't find remote ref|no such remote ref/i;
  if (isUnknown.test(result.stderr)) return false;
  throw failureOf("Fetching from the remote", result, exchange.remote.redacted);
}

/**
 * Makes the branch the commit, as long as it is still what was seen; false when it is not any more. Rejects with a
 * DeliveryError.
 */
export async function pushCommit(
  exchange: Exchange,
  to: { readonly branch: string; readonly commit: string; readonly seen: string | null },
): Promise<boolean> {
  const ref = `refs/heads/${to.branch}`;
  const result = await talk(exchange, [
    "-c",
    "push.followTags=false",
    "push",
    "--porcelain",
    "--no-follow-tags",
    "--recurse-submodules=no",
    `--force-with-lease=${ref}:${to.seen ?? ""}`,
    "--",
    exchange.remote.url,
    `${to.commit}:${ref}`,
  ]);
  if (result.ok) return true;
  const refused = result.stdout
    .toString("utf8")
    .split("\n")
    .find((line) => line.startsWith("!\t"));
  const reason = refused?.split("\t")[2];
  if (reason === undefined) throw failureOf("Pushing to the remote", result, exchange.remote.redacted);
  if (MOVED.test(reason) && !/cannot create/i.test(result.stderr)) return false;
  throw refusalOf(exchange.remote.redacted, { branch: to.branch, reason, stderr: result.stderr });
}

const MOVED =
  /stale info|fetch first|non-fast-forward|incorrect old value|failed to update ref|failed to lock|cannot lock ref|already exists/i;

function refusalOf(
  redacted: (text: string) => string,
  { branch, reason, stderr }: { readonly branch: string; readonly reason: string; readonly stderr: string },
): DeliveryError {
  const said = shown(redacted(`${reason} ${stderr.replaceAll(/^(To |error: failed to push).*$/gm, "")}`));
  return new DeliveryError(
    `The remote does not take the branch ${branch}: it may be protected, or one of its rules forbids the commit. Deliver to another branch, or have the rule changed. It says: ${said}`,
  );
}

function talk({ gitDir, remote, signal }: Exchange, args: readonly string[]): Promise<GitResult> {
  return runGit({
    gitDir,
    args: [...remote.args, ...args],
    env: remote.env,
    fileBytes: IMPORT_LIMITS.fetched_bytes,
    timeoutMs: SENDING_MS,
    mostBytes: 1024 ** 2,
    signal,
  });
}
