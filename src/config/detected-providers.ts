import type { ProviderConfig } from "./config.ts";
import { type Environment, variable } from "./environment.ts";
import type { Setting } from "./setting.ts";

type Detection = {
  readonly kind: ProviderConfig["kind"];
  /** The variable that says that the provider is there, and the setting it fills. */
  readonly enabledBy: readonly [variable: string, setting: "api_key" | "base_url"];
  readonly base_url?: string;
};

/** The variables that the vendors' own tools read; a provider found by them is named after its kind. */
const DETECTIONS: readonly Detection[] = [
  { kind: "openai", enabledBy: ["OPENAI_API_KEY", "api_key"], base_url: "OPENAI_BASE_URL" },
  { kind: "anthropic", enabledBy: ["ANTHROPIC_API_KEY", "api_key"], base_url: "ANTHROPIC_BASE_URL" },
  { kind: "ollama", enabledBy: ["OLLAMA_HOST", "base_url"] },
  { kind: "copilot", enabledBy: ["COPILOT_GITHUB_TOKEN", "api_key"] },
];

/** Variables by which a person connects a model, in the order in which they are worth naming. */
export const CONNECTING_VARIABLES: readonly string[] = DETECTIONS.map(({ enabledBy }) => enabledBy[0]);

/** Settings of providers that the usual variables of the vendors describe. They give way to any other source. */
export function detectProviders(env: Environment, cwd: string): Setting[] {
  return DETECTIONS.flatMap((detection) => {
    const { kind, enabledBy, base_url } = detection;
    const found = variable(env, enabledBy[0]);
    const endpoint = base_url === undefined ? null : variable(env, base_url);
    if (!found) return [];
    const setting = (key: string, value: string, name: string): Setting => ({
      path: ["providers", kind, key],
      value,
      origin: { kind: "env", name },
      where: name,
      base: cwd,
    });
    const value = kind === "ollama" ? ollamaUrl(found.text) : found.text;
    return [
      setting("kind", kind, found.name),
      setting(enabledBy[1], value, found.name),
      ...(endpoint ? [setting("base_url", endpoint.text, endpoint.name)] : []),
    ];
  });
}

/** OLLAMA_HOST as Ollama reads it: a bare host or port is usual, 11434 holds when no scheme is given, 0.0.0.0 is where it listens. */
function ollamaUrl(host: string): string {
  const schemeGiven = /^https?:\/\//.test(host);
  const text = schemeGiven ? host : `http://${host.startsWith(":") ? "127.0.0.1" : ""}${host}`;
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  if (url.hostname === "0.0.0.0" || url.hostname === "[::]") url.hostname = "127.0.0.1";
  if (!schemeGiven && !/^[^/]*:\d+/.test(host)) url.port = "11434";
  return url.href.replace(/\/+$/, "");
}
