import { createOllama } from "ollama-ai-provider-v2";

import type { ModelInfo, ModelProvider, ModelRequest } from "../../ports/chat-model.ts";
import { createAiSdkProvider } from "../ai-sdk-provider.ts";
import { entriesOf, fetchCatalogue, sortedById, textField } from "../catalogue.ts";
import { jsonInText } from "../json-text.ts";
import {
  describeEndpoint,
  sendsTraceHeaders,
  type ProviderSettings,
  type ProviderWiring,
} from "../provider-settings.ts";
import { ollamaBaseUrl } from "./base-url.ts";
import { contextTokens } from "./context-tokens.ts";

/** Ollama's own API, for only there can the context be made large enough for the request. */
export function createOllamaProvider(settings: ProviderSettings, wiring: ProviderWiring): ModelProvider {
  const baseURL = ollamaBaseUrl(settings.base_url);
  const endpoint = describeEndpoint(settings, baseURL, {
    credential: "OLLAMA_API_KEY",
    address: "OLLAMA_HOST",
  });
  // Ollama itself asks for no key; a proxy in front of it may.
  const headers: Record<string, string> =
    settings.api_key === null ? {} : { authorization: `Bearer ${settings.api_key}` };

  const models = async (signal: AbortSignal): Promise<ModelInfo[]> => {
    const catalogue = await fetchCatalogue({ url: `${baseURL}/tags`, headers, signal, endpoint });
    const ids = entriesOf(catalogue, "models", endpoint).flatMap(
      (entry) => textField(entry, "name", "model") ?? [],
    );
    return sortedById(ids.map((id) => ({ id, name: id, context_window: null })));
  };

  return createAiSdkProvider(
    {
      settings,
      endpoint,
      sendTrace: sendsTraceHeaders(settings, false),
      model: (id, fetch) => createOllama({ baseURL, headers, fetch }).languageModel(id),
      options: (request: ModelRequest) => ({
        providerOptions: { ollama: { options: { num_ctx: contextTokens(request) } } },
      }),
      // `format` holds for every token, so a model that is held to it can't call a tool: ollama/ollama#11185.
      schemaPlace: ({ tools }) => (tools.length === 0 ? "format" : "instructions"),
      marksErrors: false,
      readText: jsonInText,
      models,
    },
    wiring,
  );
}
