import type { ModelProvider } from "../ports/chat-model.ts";
import type { ProviderSettings, ProviderWiring } from "./provider-settings.ts";

type Factory = (settings: ProviderSettings, wiring: ProviderWiring) => ModelProvider;

/** A provider is a folder and a line here; its vendor's packages are loaded only when it is configured. */
const FACTORIES = {
  openai: async () => (await import("./openai/provider.ts")).createOpenAiProvider,
  anthropic: async () => (await import("./anthropic/provider.ts")).createAnthropicProvider,
  ollama: async () => (await import("./ollama/provider.ts")).createOllamaProvider,
  copilot: async () => (await import("./copilot/provider.ts")).createCopilotProvider,
  "openai-compatible": async () =>
    (await import("./openai-compatible/provider.ts")).createOpenAiCompatibleProvider,
} satisfies Record<string, () => Promise<Factory>>;

export type ProviderKind = keyof typeof FACTORIES;

/** Nothing is sent or started yet: a provider whose endpoint is down is created like any other. */
export function createProviders(
  configs: readonly ProviderSettings<ProviderKind>[],
  wiring: ProviderWiring,
): Promise<ModelProvider[]> {
  return Promise.all(
    configs.map(async (settings) => {
      const create: Factory = await FACTORIES[settings.kind]();
      return create(settings, wiring);
    }),
  );
}
