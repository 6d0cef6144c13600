import type { Config } from "../config/config.ts";
import { HttpClient } from "./http-client.ts";
import { findServer, prepareDataDir, removeServerFile, writeServerFile } from "./server-file.ts";

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

/** Takes the named server, else the running one of the data directory, else opens one in this process. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const { config, server, execute, openLocal } = options;
  const nothingToClose = (): Promise<void> => Promise.resolve();
  if (server !== undefined) {
    return { client: new HttpClient(server), place: "given", close: nothingToClose };
  }
  const found = await findServer(config);
  if (found) return { client: new HttpClient(found.url), place: "found", close: nothingToClose };
  await prepareDataDir(config);
  const opened = await openLocal(config, execute);
  const { url, app } = opened;
  if (execute) await writeServerFile(config, { url, instance_id: app.instanceId });
  return {
    client: new HttpClient(url),
    place: "here",
    close: async (graceMs) => {
      if (execute) await removeServerFile(config, app.instanceId);
      await opened.close(graceMs);
    },
  };
}
