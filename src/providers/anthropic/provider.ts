import { createAnthropic } from "@ai-sdk/anthropic";

import type { ModelInfo, ModelProvider } from "../../ports/chat-model.ts";
import { createAiSdkProvider } from "../ai-sdk-provider.ts";
import { countField, entriesOf, fetchCatalogue, sortedById, textField } from "../catalogue.ts";
import {
  describeEndpoint,
  sendsTraceHeaders,
  withoutTrailingSlash,
  type ProviderSettings,
  type ProviderWiring,
} from "../provider-settings.ts";

const VENDOR_URL = "https://api.anthropic.com";
const API_VERSION = "2023-06-01";

/** Anthropic asks for a limit of output tokens; the SDK knows that of Claude models and takes 4096 for all others. */
const OTHER_MODELS_OUTPUT_TOKENS = 16_384;

/** The base URL is written with or without `/v1`: Anthropic's own tools leave it out. `vendorUrl` is what counts as Anthropic itself. */
export function createAnthropicProvider(
  settings: ProviderSettings,
  wiring: ProviderWiring,
  vendorUrl: string = VENDOR_URL,
): ModelProvider {
  const given = withoutTrailingSlash(settings.base_url ?? vendorUrl);
  const baseURL = given.endsWith("/v1") ? given : `${given}/v1`;
  const vendorHost = new URL(baseURL).host === new URL(vendorUrl).host;
  const apiKey = settings.api_key ?? "";
  const endpoint = describeEndpoint(settings, baseURL, {
    credential: "ANTHROPIC_API_KEY",
    address: "ANTHROPIC_BASE_URL",
  });

  const models = async (signal: AbortSignal): Promise<ModelInfo[]> => {
    const headers = { "x-api-key": apiKey, "anthropic-version": API_VERSION };
    const url = `${baseURL}/models?limit=1000`;
    const entries = entriesOf(await fetchCatalogue({ url, headers, signal, endpoint }), "data", endpoint);
    return sortedById(
      entries.flatMap((entry) => {
        const id = textField(entry, "id");
        if (id === null) return [];
        const name = textField(entry, "display_name") ?? id;
        return [{ id, name, context_window: countField(entry, "max_input_tokens") }];
      }),
    );
  };

  return createAiSdkProvider(
    {
      settings,
      endpoint,
      sendTrace: sendsTraceHeaders(settings, vendorHost),
      model: (id, fetch) => createAnthropic({ baseURL, apiKey, fetch }).languageModel(id),
      options: ({ model, max_output_tokens: longest }) =>
        model.includes("claude-") || longest !== null ? {} : { maxOutputTokens: OTHER_MODELS_OUTPUT_TOKENS },
      // Models without an output format of their own are made to call a tool `json`; another tool of that name would be
      // taken for the answer.
      schemaPlace: ({ tools }) => (tools.some(({ name }) => name === "json") ? "instructions" : "format"),
      models,
    },
    wiring,
  );
}
