import { RepositoryError } from "../ports/workspace.ts";
import { runGit } from "./git.ts";
import { IMPORT_LIMITS } from "./tree-limits.ts";

/** The ref under which a fetched commit is found. */
export const IMPORTED = "refs/orca/import";

/** What git is told of every fetch. */
export const RECEIVING: readonly string[] = settings({
  "transfer.fsckObjects": "true",
  "fetch.unpackLimit": "1", // one file, so that its length is limited
  "protocol.version": "2",
});

/** What git is told of an https remote: to connect to the addresses that were checked and to nowhere else. */
export function heldTo(url: URL, addresses: readonly string[]): readonly string[] {
  return settings({
    "http.curloptResolve": `${url.hostname}:${url.port || "443"}:${addresses.join(",")}`,
    "http.followRedirects": "false", // to where nobody has looked
    "http.proxy": "",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "30",
  });
}

function settings(config: Readonly<Record<string, string>>): string[] {
  return Object.entries(config).flatMap(([key, value]) => ["-c", `${key}=${value}`]);
}

/**
 * Fetches one commit without its past to `IMPORTED`; rejects with a RepositoryError. Git is held to the addresses that were checked, but connects by itself, so
 * that a git older than 2.37, which does not know how to be held, could be led to another by a name that changes between.
 */
export async function fetchCommit(
  gitDir: string,
  from: {
    readonly url: URL;
    readonly ref: string;
    /** Of the host, and already checked. */
    readonly addresses: readonly string[];
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { url, ref, addresses, signal } = from;
  const result = await runGit({
    gitDir,
    args: [
      ...heldTo(url, addresses),
      ...RECEIVING,
      "fetch",
      "--quiet",
      "--depth=1",
      "--no-tags",
      "--no-recurse-submodules",
      "--no-write-fetch-head",
      "--",
      url.href,
      `+${ref}:${IMPORTED}`,
    ],
    env: { GIT_ALLOW_PROTOCOL: "https" },
    fileBytes: IMPORT_LIMITS.fetched_bytes,
    timeoutMs: IMPORT_LIMITS.time_ms,
    mostBytes: 64 * 1024,
    signal,
  });
  if (result.ok) return;
  if (result.timedOut)
    throw new RepositoryError(`Fetching ${url.href} took longer than ${IMPORT_LIMITS.time_ms} ms.`);
  throw new RepositoryError(
    `${url.href} at ${ref} could not be fetched. Check that it is public, that its address is the last one (no redirects; often with .git) and that the branch exists. Git says: ${result.stderr}`,
  );
}
