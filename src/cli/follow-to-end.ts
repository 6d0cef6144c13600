import type { Config } from "../config/config.ts";
import type { WorkflowView } from "../contract/workflow-view.ts";
import { type CommandLine, quoted } from "./command-line.ts";
import { CliError, exitCode, type ExitReason } from "./exit-code.ts";
import { ServerLostError } from "./http-client.ts";
import { onInterruption } from "./interruption.ts";
import type { Output, OutputStream } from "./output.ts";
import type { Session } from "./session.ts";
import { tellIfPending } from "./tell-if-pending.ts";
import { closingLines, openWatch, resultOf, type Watched, type WatchOptions } from "./watch-workflow.ts";

const GRACE_ON_INTERRUPT_MS = 1_000;
const SESSIONS_AT_MOST = 4;

export type FollowOptions = {
  readonly config: Config;
  readonly output: Output;
  readonly json: boolean;
  /** Whether the calls of tools are shown as well. */
  readonly verbose?: boolean;
  /** Where progress goes when it is not JSON. */
  readonly stream: OutputStream;
  /** Opens another session when the server of the first one goes away, as that of another `orca run` does. */
  readonly reopen: () => Promise<Session>;
  /** Writes the lines that a person may type next. */
  readonly next: CommandLine;
  /** Where the artifacts of a completed workflow are to be. */
  readonly out?: string | undefined;
  /** Writes them there, with the session still open, before the result is told. */
  readonly save?: (session: Session, directory: string) => Promise<void>;
  /** Tells only what comes after this `seq`; all when absent. */
  readonly after?: number;
  /** How it has ended where that is not how the workflow has. */
  readonly reason?: (workflow: WorkflowView) => ExitReason;
  /** What is said at the end to a person; by default what came out and what to do next. */
  readonly closing?: (watched: Watched) => readonly string[] | Promise<readonly string[]>;
};

/** Follows a workflow until it rests, tells the result, and closes the session. Resolves with the exit code. */
export async function followToEnd(id: string, first: Session, options: FollowOptions): Promise<number> {
  const { output, json, config } = options;
  const { signal, release } = onInterruption();
  let session = first;
  let watched: Watched | null = null;
  const { stream, next, verbose = false } = options;
  // An engine in this process begins it by itself, or has others before it.
  const hush =
    json || first.place === "here"
      ? null
      : tellIfPending(id, {
          client: () => session.client,
          say: () => output.say(pendingLine(session, options)),
        });
  try {
    const { after = 0 } = options;
    const watchOptions: WatchOptions = { output, json, verbose, stream, signal, next, after };
    const watch = openWatch(id, watchOptions);
    for (let sessions = 1; watched === null; sessions += 1) {
      try {
        watched = await watch.resume(session.client);
      } catch (error) {
        if (!(error instanceof ServerLostError) || session.place !== "found" || sessions === SESSIONS_AT_MOST)
          throw kept(error, id, options);
        session = await options.reopen();
      }
    }
    watch.close();
    const { reason } = options;
    if (reason && watched.reason !== "interrupted")
      watched = { ...watched, reason: reason(watched.workflow) };
    const saving = watched.reason === "ok" ? await save(session, options) : NOT_SAVED;
    if (json) output.json(resultOf(watched));
    else {
      const lines = (await options.closing?.(watched)) ?? closingLines(watched, { next, out: saving.out });
      for (const line of lines) output.print(line);
      if (watched.reason === "interrupted")
        for (const line of goingOn(watched, session, next)) output.print(line);
    }
    if (saving.failure !== null) throw saving.failure;
    return exitCode(watched.reason);
  } finally {
    hush?.();
    await session.close(
      watched?.reason === "interrupted" ? GRACE_ON_INTERRUPT_MS : config.shutdown_timeout_s * 1000,
    );
    release();
  }
}

/** A server that went away takes no workflow along. */
function kept(error: unknown, id: string, { next }: FollowOptions): unknown {
  if (!(error instanceof ServerLostError)) return error;
  const again = next(`workflows watch ${id}`);
  return new CliError(
    "unavailable",
    `${error.message}; the workflow is kept; follow it again with: ${again}`,
    {
      cause: error,
      code: error.code,
    },
  );
}

function pendingLine(session: Session, { config, next }: FollowOptions): string {
  if (session.place === "found" && config.database.startsWith("sqlite:"))
    return "waiting for its turn: the server works on other workflows";
  return `waiting for a worker; when none is running, start one: ${next("serve --role worker")}`;
}

/** `out` is what is left to be advised, null when nothing is. */
type Saving = { readonly out: string | null; readonly failure: Error | null };
const NOT_SAVED: Saving = { out: "DIR", failure: null };

/** What goes wrong here is told after the result: the workflow is completed nevertheless. */
async function save(session: Session, { out, save: write }: FollowOptions): Promise<Saving> {
  if (out === undefined || !write) return NOT_SAVED;
  try {
    await write(session, out);
    return { out: null, failure: null };
  } catch (error) {
    const conflict = error instanceof CliError && error.reason === "conflict";
    return { out: conflict ? `${quoted(out)} --force` : "DIR", failure: error as Error };
  }
}

function goingOn({ workflow: { id } }: Watched, session: Session, next: CommandLine): string[] {
  return [
    session.place === "here"
      ? `interrupted; it is kept, and this continues it: ${next("serve")}`
      : `it goes on in the server; follow it again: ${next(`workflows watch ${id}`)}`,
    `to end it: ${next(`workflows cancel ${id}`)}`,
  ];
}
