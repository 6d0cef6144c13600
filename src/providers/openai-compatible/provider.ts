import { createOpenAICompatible } from "@ai-sdk/openai-compatible";

import { ModelError, type ModelInfo, type ModelProvider } from "../../ports/chat-model.ts";
import { createAiSdkProvider } from "../ai-sdk-provider.ts";
import { countField, entriesOf, fetchCatalogue, sortedById, textField } from "../catalogue.ts";
import { jsonInText } from "../json-text.ts";
import {
  describeEndpoint,
  sendsTraceHeaders,
  withoutTrailingSlash,
  type ProviderSettings,
  type ProviderWiring,
} from "../provider-settings.ts";

/**
 * Any endpoint with chat completions. With `structured_output` the schema goes as `json_schema`; without, the endpoint
 * is asked for a JSON object and the schema is told in the instructions; where tools are offered, in the instructions alone.
 */
export function createOpenAiCompatibleProvider(
  settings: ProviderSettings,
  wiring: ProviderWiring,
): ModelProvider {
  const url = settings.base_url === null ? null : withoutTrailingSlash(settings.base_url);
  const { api_key: apiKey, structured_output: structured } = settings;
  const setting = (key: string): string => `the ${key} of provider "${settings.name}"`;
  const endpoint = describeEndpoint(settings, url ?? "nowhere", {
    credential: setting("api_key"),
    address: setting("base_url"),
  });

  const baseUrl = (): string => {
    if (url !== null) return url;
    throw new ModelError("no_model", `Set ${setting("base_url")} to the URL of its API.`);
  };

  const models = async (signal: AbortSignal): Promise<ModelInfo[]> => {
    const headers: Record<string, string> = apiKey === null ? {} : { authorization: `Bearer ${apiKey}` };
    const catalogue = await fetchCatalogue({ url: `${baseUrl()}/models`, headers, signal, endpoint });
    return sortedById(
      entriesOf(catalogue, "data", endpoint).flatMap((entry) => {
        const id = textField(entry, "id");
        if (id === null) return [];
        const context = countField(entry, "context_length", "context_window", "max_model_len");
        return [{ id, name: textField(entry, "display_name", "name") ?? id, context_window: context }];
      }),
    );
  };

  return createAiSdkProvider(
    {
      settings,
      endpoint,
      sendTrace: sendsTraceHeaders(settings, false),
      model: (id, fetch) =>
        createOpenAICompatible({
          name: settings.name,
          baseURL: baseUrl(),
          fetch,
          supportsStructuredOutputs: structured,
          ...(apiKey === null ? {} : { apiKey }),
        }).chatModel(id),
      // Many refuse JSON mode together with tools, or then never call one.
      schemaPlace: ({ tools }) => (structured ? "format" : tools.length === 0 ? "both" : "instructions"),
      marksErrors: false,
      readText: jsonInText,
      models,
    },
    wiring,
  );
}
