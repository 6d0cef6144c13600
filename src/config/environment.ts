import { readFileSync } from "node:fs";

import { ConfigError } from "./config-error.ts";
import { didYouMean, nodeAt, settingNames } from "./config-schema.ts";
import { fromText } from "./from-text.ts";
import type { Setting, Source } from "./setting.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The short names; every other setting is ORCA_ and its path with `__` between the parts. */
const SHORT_NAMES: Readonly<Record<string, readonly string[]>> = {
  ORCA_ROLE: ["role"],
  ORCA_HOST: ["host"],
  ORCA_PORT: ["port"],
  ORCA_DATABASE: ["database"],
  ORCA_DATA_DIR: ["data_dir"],
  ORCA_DEFAULT_MODEL: ["workflow", "default_model"],
  ORCA_LOG_LEVEL: ["log", "level"],
  ORCA_SECRET_KEY: ["secrets", "key"],
};

/** Names the file to load, so it is read before any setting. */
const CONFIG_FILE = "ORCA_CONFIG";

/** Arms failures for rehearsals; no setting, so that no file can leave it on. */
const FAILPOINTS = "ORCA_FAILPOINTS";

/** Reads the ORCA_* variables. An empty variable counts as not set. */
export function readEnvironment(env: Environment, cwd: string): Source {
  const settings: Setting[] = [];
  const problems: string[] = [];
  for (const name of Object.keys(env).toSorted()) {
    if (!name.startsWith("ORCA_") || name === CONFIG_FILE || name === FAILPOINTS || !env[name]) continue;
    const setting = pathOf(name);
    if (!setting) {
      problems.push(`${name}: unknown variable${didYouMean(name, knownNames())}`);
      continue;
    }
    const schema = nodeAt(setting.path);
    const text = variable(env, setting.variable)?.text;
    if (!schema || text === undefined) continue;
    const origin = { kind: "env", name } as const;
    settings.push({ path: setting.path, value: fromText(text, schema), origin, where: name, base: cwd });
  }
  return { settings, problems };
}

/**
 * The value of a variable, or of the file that its `_FILE` twin names, without the newline at its end.
 * Throws a ConfigError when both are set or the file can't be read.
 */
export function variable(
  env: Environment,
  name: string,
): { readonly text: string; readonly name: string } | null {
  const text = env[name];
  const twin = `${name}_FILE`;
  const file = env[twin];
  if (text && file) throw new ConfigError([`${name} and ${twin} are both set; keep one of them`]);
  if (text) return { text, name };
  if (!file) return null;
  try {
    return { text: readFileSync(file, "utf8").replace(/\r?\n$/, ""), name: twin };
  } catch (error) {
    throw new ConfigError([`${twin}: can't read ${file}: ${(error as Error).message}`]);
  }
}

/** A variable of the server's own environment, as it is now. Its caller says which names may be asked for. */
export function serverVariable(name: string): string | undefined {
  return process.env[name];
}

function pathOf(name: string): { readonly path: readonly string[]; readonly variable: string } | null {
  const path = pathOfVariable(name);
  if (path) return { path, variable: name };
  const twinOf = name.replace(/_FILE$/, "");
  const twin = twinOf === name ? null : pathOfVariable(twinOf);
  return twin && { path: twin, variable: twinOf };
}

function pathOfVariable(name: string): readonly string[] | null {
  const short = SHORT_NAMES[name];
  if (short) return short;
  const path = name.slice("ORCA_".length).toLowerCase().split("__");
  if (path[0] === "providers" && path[1]) path[1] = path[1].replaceAll("_", "-");
  const schema = nodeAt(path);
  return schema && !schema.properties && !schema.items?.properties ? path : null;
}

function knownNames(): string[] {
  const nested = settingNames().map((setting) => `ORCA_${setting.replaceAll(".", "__").toUpperCase()}`);
  return [...Object.keys(SHORT_NAMES), CONFIG_FILE, ...nested];
}
