import type { ModelProvider } from "../ports/chat-model.ts";
import { createAnthropicProvider } from "./anthropic/provider.ts";
import { createCopilotProvider } from "./copilot/provider.ts";
import { createOllamaProvider } from "./ollama/provider.ts";
import { createOpenAiCompatibleProvider } from "./openai-compatible/provider.ts";
import { createOpenAiProvider } from "./openai/provider.ts";
import type { ProviderSettings, ProviderWiring } from "./provider-settings.ts";

/** A provider is a folder and a line here. */
const FACTORIES = {
  openai: createOpenAiProvider,
  anthropic: createAnthropicProvider,
  ollama: createOllamaProvider,
  copilot: createCopilotProvider,
  "openai-compatible": createOpenAiCompatibleProvider,
} satisfies Record<string, (settings: ProviderSettings, wiring: ProviderWiring) => ModelProvider>;

export type ProviderKind = keyof typeof FACTORIES;

/** Nothing is sent or started yet: a provider whose endpoint is down is created like any other. */
export function createProviders(
  configs: readonly ProviderSettings<ProviderKind>[],
  wiring: ProviderWiring,
): ModelProvider[] {
  return configs.map((settings) => FACTORIES[settings.kind](settings, wiring));
}
