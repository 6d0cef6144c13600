import type { Config } from "../config/config.ts";
import { commandName } from "./command-name.ts";
import { exitCode } from "./exit-code.ts";
import { ServerLostError } from "./http-client.ts";
import { onInterruption } from "./interruption.ts";
import type { Output, OutputStream } from "./output.ts";
import type { Session } from "./session.ts";
import { closingLines, openWatch, resultOf, type Watched, type WatchOptions } from "./watch-workflow.ts";

const GRACE_ON_INTERRUPT_MS = 1_000;
const SESSIONS_AT_MOST = 4;

export type FollowOptions = {
  readonly config: Config;
  readonly output: Output;
  readonly json: boolean;
  /** Where progress goes when it is not JSON. */
  readonly stream: OutputStream;
  /** Opens another session when the server of the first one goes away, as that of another `orca run` does. */
  readonly reopen: () => Promise<Session>;
  /** Done with the session still open, before the result is told. */
  readonly atEnd?: (session: Session, watched: Watched) => Promise<void>;
  /** What is said at the end to a person; by default what came out and what to do next. */
  readonly closing?: (watched: Watched) => readonly string[];
};

/** Follows a workflow until it rests, tells the result, and closes the session. Resolves with the exit code. */
export async function followToEnd(id: string, first: Session, options: FollowOptions): Promise<number> {
  const { output, json, config } = options;
  const { signal, release } = onInterruption();
  let session = first;
  let watched: Watched | null = null;
  try {
    const watchOptions: WatchOptions = { output, json, stream: options.stream, signal };
    const watch = openWatch(id, watchOptions);
    for (let sessions = 1; watched === null; sessions += 1) {
      try {
        watched = await watch.resume(session.client);
      } catch (error) {
        if (!(error instanceof ServerLostError) || session.place !== "found" || sessions === SESSIONS_AT_MOST)
          throw error;
        session = await options.reopen();
      }
    }
    watch.close();
    if (watched.reason !== "interrupted") await options.atEnd?.(session, watched);
    if (json) output.json(resultOf(watched));
    else for (const line of (options.closing ?? closingLines)(watched)) output.print(line);
    if (!json && watched.reason === "interrupted") tellHowToGoOn(watched, session, output);
    return exitCode(watched.reason);
  } finally {
    await session.close(
      watched?.reason === "interrupted" ? GRACE_ON_INTERRUPT_MS : config.shutdown_timeout_s * 1000,
    );
    release();
  }
}

function tellHowToGoOn({ workflow: { id } }: Watched, session: Session, output: Output): void {
  const name = commandName();
  if (session.place === "here") output.print(`interrupted; it is kept, and this continues it: ${name} serve`);
  else output.print(`it goes on in the server; follow it again: ${name} workflows watch ${id}`);
  output.print(`to end it: ${name} workflows cancel ${id}`);
}
