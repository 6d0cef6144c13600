import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { WorkspaceError } from "../ports/workspace.ts";

export type GitRun = {
  /** Bare, and the server's own: its configuration is trusted. */
  readonly gitDir: string;
  readonly args: readonly string[];
  readonly input?: Readable;
  readonly timeoutMs: number;
  /** Output beyond is not read, and ends the process. */
  readonly mostBytes: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Longest file that it may write. */
  readonly fileBytes?: number;
  readonly signal?: AbortSignal;
};

export type GitResult = {
  readonly ok: boolean;
  readonly stdout: Buffer;
  /** The output was longer than `mostBytes`. */
  readonly cut: boolean;
  readonly timedOut: boolean;
  /** What git says, its first 2,000 characters. */
  readonly stderr: string;
};

const FIXED_ENV = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin",
  HOME: "/nonexistent",
  LC_ALL: "C",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_ATTR_NOSYSTEM: "1",
  GIT_TERMINAL_PROMPT: "0",
  GIT_OPTIONAL_LOCKS: "0",
  GIT_NO_REPLACE_OBJECTS: "1",
  GIT_NO_LAZY_FETCH: "1",
  GIT_ALLOW_PROTOCOL: "", // no protocol at all; a fetch names its one
} as const;

/** Whatever else is configured: nothing of it may start a program. */
const FIXED_CONFIG = {
  "core.hooksPath": "/dev/null",
  "core.fsmonitor": "false",
  "core.attributesFile": "/dev/null",
  "core.excludesFile": "/dev/null",
  "core.quotePath": "false",
  "core.fsync": "none", // everything can be made anew
  "credential.helper": "",
  "diff.external": "",
  "gc.auto": "0",
  "maintenance.auto": "false",
  "protocol.allow": "never",
  "submodule.recurse": "false",
} as const;

/**
 * Runs git on a bare repository of the server, never in a working tree, with an environment and a configuration that
 * nobody else has a hand in. Rejects with a WorkspaceError `git_missing`, or with the reason of the signal.
 */
export async function runGit(run: GitRun): Promise<GitResult> {
  run.signal?.throwIfAborted();
  const config = Object.entries(FIXED_CONFIG).flatMap(([key, value]) => ["-c", `${key}=${value}`]);
  const args = [`--git-dir=${run.gitDir}`, "--no-pager", ...config, ...run.args];
  const [program, ...all] = run.fileBytes === undefined ? ["git", ...args] : limited(run.fileBytes, args);
  const child = spawn(program!, all, {
    cwd: "/",
    env: { ...FIXED_ENV, ...run.env },
    stdio: ["pipe", "pipe", "pipe"],
    detached: true, // a group of its own, so that its helpers end with it
  });
  const started = await Promise.race([
    once(child, "spawn").then(() => null),
    once(child, "error").then(([error]) => error as Error),
  ]).catch((error: unknown) => error as Error);
  if (started !== null) throw missing(started);

  const end = (): void => endGroup(child.pid);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    end();
  }, run.timeoutMs);
  run.signal?.addEventListener("abort", end, { once: true });
  try {
    const closed = once(child, "close");
    const [out, error, , [code]] = await Promise.all([
      collect(child.stdout, run.mostBytes, end),
      collect(child.stderr, 2_000, () => {}),
      feed(run.input, child.stdin, end),
      closed,
    ]);
    run.signal?.throwIfAborted();
    if (code === 127 && run.fileBytes !== undefined) throw missing(null);
    const stderr = error.bytes.toString("utf8").trim();
    return { ok: code === 0, stdout: out.bytes, cut: out.cut, timedOut, stderr };
  } finally {
    clearTimeout(timer);
    run.signal?.removeEventListener("abort", end);
  }
}

/** The shell only sets the limit and becomes git; the arguments are no part of its text. */
function limited(fileBytes: number, args: readonly string[]): string[] {
  const blocks = Math.ceil(fileBytes / 512);
  return ["/bin/sh", "-c", `ulimit -f ${blocks}; exec git "$@"`, "git", ...args];
}

function missing(cause: Error | null): WorkspaceError {
  return new WorkspaceError(
    "git_missing",
    "The program git was not found in the usual places. Install it: apt-get install git, apk add git or brew install git.",
    cause === null ? {} : { cause },
  );
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function collect(
  stream: Readable,
  most: number,
  full: () => void,
): Promise<{ bytes: Buffer; cut: boolean }> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (length < most) chunks.push(chunk);
    length += chunk.length;
    if (length > most) full();
  }
  return { bytes: Buffer.concat(chunks).subarray(0, most), cut: length > most };
}

/** A process that ends before it has read all says why by itself; an input that fails ends the process. */
async function feed(
  input: Readable | undefined,
  stdin: NodeJS.WritableStream,
  end: () => void,
): Promise<void> {
  if (input === undefined) {
    stdin.on("error", () => {}); // it has ended already
    stdin.end();
    return;
  }
  try {
    await pipeline(input, stdin);
  } catch (error) {
    if (
      ["EPIPE", "ERR_STREAM_PREMATURE_CLOSE", "ECONNRESET"].includes(
        (error as NodeJS.ErrnoException).code ?? "",
      )
    )
      return;
    end();
    throw error;
  }
}
