import { once } from "node:events";

import type { Command } from "@commander-js/extra-typings";

import type { Config } from "../../config/config.ts";
import { maskUrl } from "../../config/database-url.ts";
import type { CommandContext } from "../command-context.ts";
import { commandName } from "../command-name.ts";
import { configOf, withConfigOptions } from "../command-options.ts";
import { CONNECTING_ADVICE } from "../connecting-advice.ts";
import { onInterruption } from "../interruption.ts";
import type { Output } from "../output.ts";
import { packageVersion } from "../package-version.ts";
import { prepareDataDir, removeServerFile, writeServerFile } from "../server-file.ts";

/** A store or a provider that hangs must not keep the process after its time. */
const HARD_STOP_AFTER_MS = 5_000;

export function addServeCommand(program: Command, { output }: CommandContext): void {
  withConfigOptions(program.command("serve"))
    .description("run the engine and its API until it is stopped")
    .option("--host <address>", "address to listen on (127.0.0.1)")
    .option("--port <number>", "port to listen on, 0 for a free one (4700)")
    .option("--log-level <level>", "debug, info, warn, error or silent")
    .action(async (options) => {
      const { config } = configOf(options);
      await prepareDataDir(config);
      const interruption = onInterruption();
      const { openLocalServer } = await import("../../app/local-server.ts");
      const { host, port } = config;
      const server = await openLocalServer(config, { host, port, version: packageVersion(), execute: true });
      const { instanceId } = server.app;
      await writeServerFile(config, { url: server.url, instance_id: instanceId });
      announce({ config, url: server.url, instanceId, output, json: options.json === true });
      if (!interruption.signal.aborted) await once(interruption.signal, "abort");
      const graceMs = config.shutdown_timeout_s * 1000;
      setTimeout(() => process.exit(1), graceMs + HARD_STOP_AFTER_MS).unref();
      output.say(`stopping; running steps have ${config.shutdown_timeout_s} s to finish`);
      await removeServerFile(config, instanceId);
      await server.close(graceMs);
      interruption.release();
    });
}

type Announcement = {
  readonly config: Config;
  readonly url: string;
  readonly instanceId: string;
  readonly output: Output;
  readonly json: boolean;
};

function announce({ config, url, instanceId, output, json }: Announcement): void {
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
  output.print(`  next      ${commandName()} run "what you want"     stop with Ctrl-C`);
}
