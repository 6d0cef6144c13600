import type { Config } from "../config/config.ts";
import type { CommandContext } from "./command-context.ts";
import { commandLine } from "./command-line.ts";
import { configOf } from "./command-options.ts";
import { openLocal } from "./commands/run.ts";
import { followToEnd } from "./follow-to-end.ts";
import type { HttpClient } from "./http-client.ts";
import { openSession, type Session } from "./session.ts";

/** The options of a command that talks to a server. */
export type ClientOptions = {
  readonly config?: string;
  readonly dataDir?: string;
  readonly database?: string;
  readonly json?: true;
  readonly server?: string;
};

/** A session whose engine, should it have to be opened here, is silent; with `execute` it also runs workflows. */
export function sessionOf(options: ClientOptions, execute: boolean): Promise<Session> {
  const { config } = configOf(options);
  const quiet: Config = { ...config, log: { ...config.log, level: "silent" } };
  return openSession({ config: quiet, server: options.server, execute, openLocal });
}

/** Work that only looks or steers, with a session that ends with it. */
export async function withClient(
  options: ClientOptions,
  work: (client: HttpClient) => Promise<void>,
): Promise<void> {
  const session = await sessionOf(options, false);
  try {
    await work(session.client);
  } finally {
    await session.close(0);
  }
}

export async function closingOnFailure<T>(session: Session, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await session.close(0);
    throw error;
  }
}

/** Follows a workflow until it rests and sets the exit code. */
export async function follow(
  context: CommandContext,
  id: string,
  session: Session,
  options: ClientOptions & { readonly verbose?: true },
): Promise<void> {
  const { output } = context;
  context.exitCode = await followToEnd(id, session, {
    config: configOf(options).config,
    output,
    json: options.json === true,
    verbose: options.verbose === true,
    stream: output.out,
    next: commandLine(options),
    reopen: () => sessionOf(options, false),
  });
}
