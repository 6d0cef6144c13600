import { type Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";

import { type ConfigFlags, loadConfig, type LoadedConfig } from "../config/load-config.ts";

export const jsonOption = new Option("--json", "JSON for programs instead of text");
export const configOption = new Option("--config <file>", "orca.yaml to read");
export const dataDirOption = new Option("--data-dir <dir>", "directory for database and files");
export const databaseOption = new Option("--database <url>", "sqlite:<path> or postgres://...");
export const serverOption = new Option(
  "--server <url>",
  "use this server instead of the local one",
).argParser(serverUrl);

export const treeOption = new Option(
  "--tree <tree>",
  "latest, best (of those that QA has judged) or cycle-<n>",
).default("latest");

/** The options by which every command finds its configuration. */
export function withConfigOptions<A extends unknown[], O extends Record<string, unknown>>(
  command: Command<A, O>,
) {
  return command
    .addOption(configOption)
    .addOption(dataDirOption)
    .addOption(databaseOption)
    .addOption(jsonOption);
}

type GivenOptions = {
  readonly config?: string;
  readonly dataDir?: string;
  readonly database?: string;
  readonly role?: string;
  readonly host?: string;
  readonly port?: string;
  readonly logLevel?: string;
};

/** The configuration as this process was told it. Throws a ConfigError. */
export function configOf(options: GivenOptions): LoadedConfig {
  const flags: ConfigFlags = {
    config: options.config,
    data_dir: options.dataDir,
    database: options.database,
    role: options.role,
    host: options.host,
    port: options.port,
    log_level: options.logLevel,
  };
  return loadConfig({ flags, env: process.env, cwd: process.cwd() });
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("expected a whole number");
  return Number(text);
}

function serverUrl(text: string): string {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) {
    throw new InvalidArgumentError("expected an address such as http://127.0.0.1:4700");
  }
  return text;
}
