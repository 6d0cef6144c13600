import { setTimeout as sleep } from "node:timers/promises";

import type { Config } from "../config/config.ts";
import { closeInTime } from "./close-in-time.ts";
import { CliError } from "./exit-code.ts";
import { HttpClient } from "./http-client.ts";
import {
  findServer,
  prepareDataDir,
  removeServerFile,
  type ServerFile,
  writeServerFile,
} from "./server-file.ts";

/** An API in this process, opened by the command. */
export type OpenedServer = {
  readonly url: string;
  readonly app: { readonly instanceId: string };
  close(graceMs: number): Promise<void>;
};

export type SessionOptions = {
  readonly config: Config;
  /** Another server, named by the caller. */
  readonly server: string | undefined;
  /** Whether an engine opened here runs workflows. */
  readonly execute: boolean;
  readonly openLocal: (config: Config, execute: boolean) => Promise<OpenedServer>;
};

/** A way to the API; whatever had to be opened for it ends with `close`. */
export type Session = {
  readonly client: HttpClient;
  /** `given` by --server, `found` in the data directory, or opened `here` in this process. */
  readonly place: "given" | "found" | "here";
  close(graceMs: number): Promise<void>;
};

/** Another command may be just about to leave its address. */
const LOCKED_PATIENCE_MS = 2_000;
const LOOK_AGAIN_MS = 100;

/** Takes the named server, else the running one of the data directory, else opens one in this process. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { config, server, execute, openLocal } = options;
  const nothingToClose = (): Promise<void> => Promise.resolve();
  if (server !== undefined) {
    return { client: new HttpClient(server), place: "given", close: nothingToClose };
  }
  const attach = ({ url }: ServerFile): Session => ({
    client: new HttpClient(url),
    place: "found",
    close: nothingToClose,
  });
  const found = await findServer(config);
  if (found) return attach(found);
  await prepareDataDir(config);
  const opened = await openOrFind(config, () => openLocal(config, execute));
  if (!("app" in opened)) return attach(opened);
  const { url, app } = opened;
  if (execute) await writeServerFile(config, { url, instance_id: app.instanceId });
  return {
    client: new HttpClient(url),
    place: "here",
    close: (graceMs) =>
      closeInTime(graceMs, async () => {
        if (execute) await removeServerFile(config, app.instanceId);
        await opened.close(graceMs);
      }),
  };
}

/** Opens the application; when another process has the database, waits a moment for that one's address. */
async function openOrFind(
  config: Config,
  open: () => Promise<OpenedServer>,
): Promise<OpenedServer | ServerFile> {
  try {
    return await open();
  } catch (error) {
    if (!isLocked(error)) throw error;
    // From now on: opening itself may have taken as long on a busy machine.
    const deadline = performance.now() + LOCKED_PATIENCE_MS;
    for (;;) {
      const found = await findServer(config);
      if (found) return found;
      if (performance.now() >= deadline) throw lockedElsewhere(error);
      await sleep(LOOK_AGAIN_MS);
    }
  }
}

function isLocked(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "code" in error && error.code === "storage_locked";
}

/** The store says how a server gets a database; a command can also talk to the server that has it. */
function lockedElsewhere(error: Error & { readonly code: string }): CliError {
  const what = error.message.replace(/ Stop that .*$/s, "");
  return new CliError(
    "unavailable",
    `${what} Talk to that one: --server URL, as it printed when it started.`,
    {
      cause: error,
      code: error.code,
    },
  );
}
