import { ConfigError } from "./config-error.ts";
import { didYouMean, nodeAt, settingNames } from "./config-schema.ts";
import { maskUrl } from "./database-url.ts";
import type { LoadedConfig } from "./load-config.ts";
import { originText } from "./setting.ts";

/** One setting as a person may see it: secrets are starred out. */
export type ExplainedSetting = { readonly key: string; readonly value: unknown; readonly origin: string };

/**
 * Every setting with its value and origin; with `key` only that one, or those below it.
 * Throws a ConfigError for a key that does not exist.
 */
export function explainConfig(loaded: LoadedConfig, key: string | null): ExplainedSetting[] {
  const all = [...settingNames(), ...providerSettings(loaded)].map((name) => explain(loaded, name));
  if (key === null) return all;
  const wanted = all.filter((setting) => setting.key === key || setting.key.startsWith(`${key}.`));
  if (wanted.length === 0 && key !== "providers") {
    const names = all.map((setting) => setting.key);
    throw new ConfigError([`there is no setting ${key}${didYouMean(key, names)}`]);
  }
  return wanted;
}

function providerSettings({ config }: LoadedConfig): string[] {
  const keys = settingNames(nodeAt(["providers", "0"])).filter((key) => key !== "name");
  return config.providers.flatMap(({ name }) => keys.map((key) => `providers.${name}.${key}`));
}

function explain(loaded: LoadedConfig, key: string): ExplainedSetting {
  return { key, value: masked(key, valueAt(loaded, key)), origin: originText(loaded.origin(key)) };
}

function valueAt({ config }: LoadedConfig, key: string): unknown {
  const [root, name, ...rest] = key.split(".");
  const provider = root === "providers" ? config.providers.find((one) => one.name === name) : undefined;
  const start: unknown = provider ?? config;
  const path = provider ? rest : key.split(".");
  return path.reduce((value, part) => (value as Record<string, unknown> | undefined)?.[part], start);
}

function masked(key: string, value: unknown): unknown {
  if (typeof value !== "string") return value;
  return /\.(api_key|key|previous_key)$/.test(key) ? "********" : maskUrl(value);
}
