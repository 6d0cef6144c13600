import { once } from "node:events";

import type { Command } from "@commander-js/extra-typings";

import type { Config } from "../../config/config.ts";
import { maskUrl } from "../../config/database-url.ts";
import { closeInTime } from "../close-in-time.ts";
import type { CommandContext } from "../command-context.ts";
import { type CommandLine, commandLine } from "../command-line.ts";
import { configOf, withConfigOptions } from "../command-options.ts";
import { CONNECTING_ADVICE } from "../connecting-advice.ts";
import { CliError } from "../exit-code.ts";
import { HttpClient } from "../http-client.ts";
import { onInterruption } from "../interruption.ts";
import type { Output } from "../output.ts";
import { packageVersion } from "../package-version.ts";
import { prepareDataDir, removeServerFile, writeServerFile } from "../server-file.ts";

const ASK_MS = 1_000;

export function addServeCommand(program: Command, { output }: CommandContext): void {
  withConfigOptions(program.command("serve"))
    .description("run the engine and its API until it is stopped")
    .option("--host <address>", "address to listen on (127.0.0.1)")
    .option("--port <number>", "port to listen on, 0 for a free one (4700)")
    .option("--log-level <level>", "debug, info, warn, error or silent")
    .action(async (options) => {
      const { config, warnings } = configOf(options);
      for (const warning of warnings) output.complain(`warning: ${warning}`);
      await prepareDataDir(config);
      const interruption = onInterruption();
      const { openLocalServer } = await import("../../app/local-server.ts");
      const { host, port } = config;
      const failpoints = process.env["ORCA_FAILPOINTS"] || null;
      const version = packageVersion();
      const server = await openLocalServer(config, { host, port, version, execute: true, failpoints });
      const { instanceId } = server.app;
      await writeServerFile(config, { url: server.url, instance_id: instanceId });
      const json = options.json === true;
      announce({ config, url: server.url, instanceId, output, json, next: commandLine(options) });
      if (!interruption.signal.aborted) await once(interruption.signal, "abort");
      const graceMs = config.shutdown_timeout_s * 1000;
      await closeInTime(graceMs, async () => {
        output.say(stoppingLine(await somethingRuns(server.url), config.shutdown_timeout_s));
        await removeServerFile(config, instanceId);
        await server.close(graceMs);
      });
      interruption.release();
    });
}

/** Whether a workflow is at work; true when that can't be told. */
async function somethingRuns(url: string): Promise<boolean> {
  try {
    const { data } = await new HttpClient(url).listWorkflows(
      { status: "running", limit: 1 },
      AbortSignal.timeout(ASK_MS),
    );
    return data.length > 0;
  } catch (error) {
    if (error instanceof CliError) return true;
    throw error;
  }
}

function stoppingLine(running: boolean, seconds: number): string {
  const steps = running ? `; running steps have ${seconds} s to finish` : "";
  return `stopping${steps}; a second Ctrl-C stops at once`;
}

type Announcement = {
  readonly config: Config;
  readonly url: string;
  readonly instanceId: string;
  readonly output: Output;
  readonly json: boolean;
  readonly next: CommandLine;
};

function announce({ config, url, instanceId, output, json, next }: Announcement): void {
  const providers = config.providers.map(({ name, kind }) => ({ name, kind }));
  const database = maskUrl(config.database);
  if (json) {
    const { data_dir } = config;
    output.json({
      type: "ready",
      url,
      pid: process.pid,
      instance_id: instanceId,
      data_dir,
      database,
      providers,
    });
    return;
  }
  const names = providers.map(({ name, kind }) => (name === kind ? name : `${name} (${kind})`));
  output.print(`orca ${packageVersion()}  ${url}`);
  output.print(`  API       ${url}/api/v1/docs`);
  output.print(`  data      ${config.data_dir}`);
  output.print(`  database  ${database}`);
  output.print(
    `  models    ${names.length > 0 ? names.join(", ") : "none: requests are kept until one is connected"}`,
  );
  if (names.length === 0) for (const line of CONNECTING_ADVICE) output.print(`            ${line}`);
  output.print(`  next      ${next('run "what you want"')}     stop with Ctrl-C`);
}
