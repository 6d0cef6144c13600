import { once } from "node:events";

import { type Command, Option } from "@commander-js/extra-typings";

import type { Config } from "../../config/config.ts";
import { maskUrl } from "../../config/database-url.ts";
import { packageVersion } from "../../config/package-version.ts";
import { closeInTime } from "../close-in-time.ts";
import type { CommandContext } from "../command-context.ts";
import { type CommandLine, commandLine } from "../command-line.ts";
import { configOf, withConfigOptions } from "../command-options.ts";
import { CONNECTING_ADVICE } from "../connecting-advice.ts";
import { onInterruption } from "../interruption.ts";
import type { Output } from "../output.ts";
import { prepareDataDir, removeServerFile, writeServerFile } from "../server-file.ts";
import type { OpenedServer } from "../session.ts";

/** Who waits longer than this for the end is told what for. */
const TELL_AFTER_MS = 500;

export function addServeCommand(program: Command, { output }: CommandContext): void {
  withConfigOptions(program.command("serve"))
    .description("run the engine and its API until it is stopped")
    .addOption(new Option("--role <role>", "what this node does (all)").choices(["all", "api", "worker"]))
    .option("--host <address>", "address to listen on (127.0.0.1)")
    .option("--port <number>", "port to listen on, 0 for a free one (4700; of a worker 0)")
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
      if (config.role !== "worker")
        await writeServerFile(config, { url: server.url, instance_id: instanceId });
      const json = options.json === true;
      announce({ config, url: server.url, instanceId, output, json, next: commandLine(options) });
      if (!interruption.signal.aborted) await once(interruption.signal, "abort");
      await stop(config, server, output);
      interruption.release();
    });
}

async function stop(config: Config, server: OpenedServer, output: Output): Promise<void> {
  const graceMs = config.shutdown_timeout_s * 1000;
  output.say("stopping; a second Ctrl-C stops at once");
  const telling = setTimeout(
    () => output.say(`running steps have ${config.shutdown_timeout_s} s to finish`),
    TELL_AFTER_MS,
  );
  try {
    await closeInTime(graceMs, async () => {
      const closed = server.close(graceMs);
      await removeServerFile(config, server.app.instanceId);
      await closed;
    });
  } finally {
    clearTimeout(telling);
  }
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
      role: config.role,
      data_dir,
      database,
      providers,
    });
    return;
  }
  if (config.role === "worker") {
    output.print(`orca ${packageVersion()}  worker, ${url}/readyz`);
    output.print(`  database  ${database}`);
    output.print(`  stop with Ctrl-C`);
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
