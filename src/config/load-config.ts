import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

import envPaths from "env-paths";

import { ConfigError } from "./config-error.ts";
import { nodeAt } from "./config-schema.ts";
import { Config } from "./config.ts";
import { databaseUrl, expandPath } from "./database-url.ts";
import { detectProviders } from "./detected-providers.ts";
import { type Environment, readEnvironment } from "./environment.ts";
import { fromText } from "./from-text.ts";
import { mergeProviders, type ProviderItem } from "./merge-providers.ts";
import { problemText } from "./problem-text.ts";
import { put } from "./put.ts";
import { readConfigFile } from "./read-config-file.ts";
import type { Origin, Setting, Source } from "./setting.ts";

/** Flags of the command line, as text. */
export type ConfigFlags = {
  readonly [Flag in "role" | "host" | "port" | "database" | "data_dir" | "config" | "log_level"]?:
    | string
    | undefined;
};

/** A frozen configuration that can say of each value where it comes from. */
export type LoadedConfig = {
  readonly config: Config;
  /** The orca.yaml that was read, or null. */
  readonly file: string | null;
  /** What is accepted and should be written otherwise, one line each. */
  readonly warnings: readonly string[];
  /** Origin of a setting by its dotted name; providers by name, as in `providers.openai.api_key`. */
  readonly origin: (name: string) => Origin;
};

type Places = { readonly flags: ConfigFlags; readonly env: Environment; readonly cwd: string };

const PATHS = envPaths("orca", { suffix: "" });
const FLAG_PATHS: Readonly<Record<string, readonly string[]>> = { log_level: ["log", "level"] };

/** Reads flags, environment and orca.yaml, in this order of precedence. Throws a ConfigError that lists every problem found. */
export function loadConfig(places: Places): LoadedConfig {
  const { env, cwd } = places;
  const file = configFile(places);
  const sources: Source[] = [
    { settings: detectProviders(env, cwd), problems: [] },
    file === null ? { settings: [], problems: [] } : readConfigFile(file, env),
    readEnvironment(env, cwd),
    readFlags(places),
  ];
  const problems = sources.flatMap((source) => source.problems);
  const settings = sources.flatMap((source) => source.settings);
  const { items, rest } = mergeProviders(settings, problems);
  const given = new Map(rest.map((setting) => [setting.path.join("."), setting]));
  const values: Record<string, unknown> = {
    ...resolvePaths(given, cwd, problems),
    providers: items.map((item) => item.values),
  };
  if (values["role"] === "worker") values["port"] ??= 0;
  const parsed = Config.safeParse(values);
  if (!parsed.success) {
    const told = new Set<string>();
    for (const issue of parsed.error.issues) {
      const { path } = issue;
      const name = path.join(".");
      // The first says enough; what a source has told already it knew better.
      if (told.has(name) || problems.some((problem) => problem.includes(`: ${name}: `))) continue;
      told.add(name);
      const place = `${whereIs(path, given, items)}${nameOf(path, items)}`;
      problems.push(`${place}: ${problemText(issue, values)}`);
    }
  } else if (!fitsStore(parsed.data)) problems.push(`${whereIs(["role"], given, items)}${ONE_NODE}`);
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  const warnings = sources.flatMap((source) => source.warnings ?? []);
  return { config: deepFreeze(parsed.data), file, warnings, origin: originOf(given, items) };
}

const ONE_NODE =
  "role: a SQLite database has one node, which does everything; leave role at all, or name a PostgreSQL database " +
  "with --database or ORCA_DATABASE";

function fitsStore({ role, database }: Config): boolean {
  return role === "all" || !database.startsWith("sqlite:");
}

function configFile({ flags, env, cwd }: Places): string | null {
  const named = flags.config ?? (env["ORCA_CONFIG"] || undefined);
  if (named !== undefined) return resolve(cwd, named);
  const usual = [join(cwd, "orca.yaml"), join(PATHS.config, "orca.yaml")];
  return usual.find((file) => existsSync(file)) ?? null;
}

function readFlags({ flags, cwd }: Places): Source {
  const settings = Object.entries(flags).flatMap(([flag, text]): Setting[] => {
    if (flag === "config" || text === undefined) return [];
    const name = `--${flag.replaceAll("_", "-")}`;
    const path = FLAG_PATHS[flag] ?? [flag];
    const schema = nodeAt(path);
    if (!schema) throw new Error(`flag ${name} sets no known value`);
    return [{ path, value: fromText(text, schema), origin: { kind: "flag", name }, where: name, base: cwd }];
  });
  return { settings, problems: [] };
}

/** The settings as one nested value, with the paths absolute and what depends on another setting filled in. */
function resolvePaths(
  given: ReadonlyMap<string, Setting>,
  cwd: string,
  problems: string[],
): Record<string, unknown> {
  const dataDir = given.get("data_dir");
  const dataDirPath =
    typeof dataDir?.value === "string" ? expandPath(dataDir.value, dataDir.base) : PATHS.data;
  const tree: Record<string, unknown> = {};
  for (const { path, value } of given.values()) put(tree, path, value);
  tree["data_dir"] = dataDir && typeof dataDir.value !== "string" ? dataDir.value : dataDirPath;
  const database = given.get("database");
  if (!database) tree["database"] = `sqlite:${join(dataDirPath, "orca.db")}`;
  else if (typeof database.value === "string") {
    const url = databaseUrl(database.value, database.base);
    if (url === null) {
      const expected = "expected sqlite:<path> or postgres://user:password@host/database";
      problems.push(`${database.where}: database: ${expected}`);
    } else tree["database"] = url;
  }
  for (const name of ["delivery.directory.allowed", "delivery.git.allowed", "workspace.allowed"]) {
    const allowed = given.get(name);
    if (!allowed || !Array.isArray(allowed.value)) continue;
    const isFolder = (entry: unknown): entry is string =>
      typeof entry === "string" && (name !== "workspace.allowed" || /^[./~]/.test(entry));
    const folders = allowed.value.map((entry: unknown) =>
      isFolder(entry) ? expandPath(entry, allowed.base) : entry,
    );
    put(tree, allowed.path, folders);
  }
  return tree;
}

type Issue = readonly PropertyKey[];

function whereIs(path: Issue, given: ReadonlyMap<string, Setting>, items: readonly ProviderItem[]): string {
  const item = path[0] === "providers" ? items[Number(path[1])] : undefined;
  if (item) return `${item.settings.get(path.slice(2).join("."))?.where ?? item.where}: `;
  for (let length = path.length; length > 0; length -= 1) {
    const setting = given.get(path.slice(0, length).join("."));
    if (setting) return `${setting.where}: `;
  }
  return "";
}

function nameOf(path: Issue, items: readonly ProviderItem[]): string {
  const item = path[0] === "providers" ? items[Number(path[1])] : undefined;
  return item ? ["providers", item.name, ...path.slice(2)].join(".") : path.join(".");
}

function originOf(
  given: ReadonlyMap<string, Setting>,
  items: readonly ProviderItem[],
): LoadedConfig["origin"] {
  return (name) => {
    const [root, provider, ...keys] = name.split(".");
    const item = root === "providers" ? items.find((candidate) => candidate.name === provider) : undefined;
    const setting = item ? item.settings.get(keys.join(".") || "kind") : given.get(name);
    return setting?.origin ?? { kind: "default" };
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const child of Object.values(value)) deepFreeze(child);
    Object.freeze(value);
  }
  return value;
}
