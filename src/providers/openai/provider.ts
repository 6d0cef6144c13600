import { createOpenAI } from "@ai-sdk/openai";

import type { ModelInfo, ModelProvider } from "../../ports/chat-model.ts";
import { createAiSdkProvider } from "../ai-sdk-provider.ts";
import { entriesOf, fetchCatalogue, sortedById, textField } from "../catalogue.ts";
import {
  describeEndpoint,
  sendsTraceHeaders,
  withoutTrailingSlash,
  type ProviderSettings,
  type ProviderWiring,
} from "../provider-settings.ts";
import { strictTool } from "./strict-tool.ts";

const VENDOR_URL = "https://api.openai.com/v1";

/**
 * The catalogue of OpenAI does not say what a model is for, so models that can't hold a text conversation are known by
 * their names: embeddings, speech, sound, pictures, video, moderation, search, computer use, and the bare completion models.
 * Behind a gateway the same words name other things: `qwen2.5-7b-instruct` holds conversations.
 */
const NOT_FOR_CHAT =
  /embedding|moderation|whisper|tts|transcribe|audio|realtime|dall-e|image|sora|search|computer-use|deep-research|instruct|^(babbage|davinci|curie|ada)\b/;

/**
 * OpenAI itself is spoken to by the Responses API, and keeps no answers (`store: false`). Behind another base URL
 * stands a gateway, and what all gateways know is chat completions. `vendorUrl` is what counts as OpenAI itself.
 */
export function createOpenAiProvider(
  settings: ProviderSettings,
  wiring: ProviderWiring,
  vendorUrl: string = VENDOR_URL,
): ModelProvider {
  const baseURL = withoutTrailingSlash(settings.base_url ?? vendorUrl);
  const vendorHost = new URL(baseURL).host === new URL(vendorUrl).host;
  const apiKey = settings.api_key ?? "";
  const endpoint = describeEndpoint(settings, baseURL, {
    credential: "OPENAI_API_KEY",
    address: "OPENAI_BASE_URL",
  });

  const models = async (signal: AbortSignal): Promise<ModelInfo[]> => {
    const headers = { authorization: `Bearer ${apiKey}` };
    const catalogue = await fetchCatalogue({ url: `${baseURL}/models`, headers, signal, endpoint });
    const ids = entriesOf(catalogue, "data", endpoint).flatMap((entry) => textField(entry, "id") ?? []);
    const chatIds = vendorHost ? ids.filter((id) => !NOT_FOR_CHAT.test(id)) : ids;
    return sortedById(chatIds.map((id) => ({ id, name: id, context_window: null })));
  };

  return createAiSdkProvider(
    {
      settings,
      endpoint,
      sendTrace: sendsTraceHeaders(settings, vendorHost),
      model: (id, fetch) => {
        const openai = createOpenAI({ baseURL, apiKey, fetch });
        return vendorHost ? openai.responses(id) : openai.chat(id);
      },
      // Gateways may refuse a parameter that only OpenAI knows.
      options: () => (vendorHost ? { providerOptions: { openai: { store: false } } } : {}),
      ...(vendorHost ? { tool: strictTool } : {}),
      models,
    },
    wiring,
  );
}
