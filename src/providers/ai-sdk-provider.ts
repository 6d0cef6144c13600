import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4Prompt } from "@ai-sdk/provider";

import { createFetch } from "../egress/http-client.ts";
import type { ModelAnswer, ModelInfo, ModelProvider, ModelRequest } from "../ports/chat-model.ts";
import { healthOf } from "./catalogue.ts";
import { generateOnce } from "./middleware.ts";
import { toModelError } from "./model-error.ts";
import type { Endpoint, ProviderSettings, ProviderWiring } from "./provider-settings.ts";

/** What one vendor adds to the shared way of calling a model through the AI SDK. */
export type AiSdkVendor = {
  readonly settings: ProviderSettings;
  readonly endpoint: Endpoint;
  readonly sendTrace: boolean;
  /** The model behind the vendor's package, using the given fetch and no other. */
  model(id: string, fetch: ReturnType<typeof createFetch>): LanguageModelV4;
  models(signal: AbortSignal): Promise<ModelInfo[]>;
  /** Options of the vendor for this request. */
  options?(request: ModelRequest): Partial<LanguageModelV4CallOptions>;
  /** The instructions as this endpoint needs them. */
  instructions?(request: ModelRequest): string;
  /** Takes the answer out of a text that may hold more. */
  readonly readText?: (text: string) => string;
};

/** A provider whose calls go through the AI SDK, its one middleware and our own fetch. */
export function createAiSdkProvider(vendor: AiSdkVendor, wiring: ProviderWiring): ModelProvider {
  const { settings, endpoint } = vendor;
  const generate = async (request: ModelRequest): Promise<ModelAnswer> => {
    const fetch = createFetch({ trace: vendor.sendTrace ? request.trace : null });
    return generateOnce(vendor.model(request.model, fetch), callOptions(vendor, request), {
      provider: settings.name,
      request,
      logger: wiring.logger,
      toError: (thrown) => toModelError(thrown, endpoint, request.model),
      ...(vendor.readText === undefined ? {} : { readText: vendor.readText }),
    });
  };
  return {
    name: settings.name,
    kind: settings.kind,
    models: (signal) => vendor.models(signal),
    test: (signal) => healthOf(settings.name, () => vendor.models(signal)),
    generate,
    close: () => Promise.resolve(),
  };
}

function callOptions(vendor: AiSdkVendor, request: ModelRequest): LanguageModelV4CallOptions {
  return {
    prompt: promptOf(vendor.instructions?.(request) ?? request.instructions, request),
    responseFormat: { type: "json", schema: request.schema, name: request.schema_name },
    abortSignal: request.signal,
    ...(request.max_output_tokens === null ? {} : { maxOutputTokens: request.max_output_tokens }),
    ...vendor.options?.(request),
  };
}

function promptOf(instructions: string, request: ModelRequest): LanguageModelV4Prompt {
  const messages = request.messages.map(({ role, content }) => ({
    role,
    content: [{ type: "text" as const, text: content }],
  }));
  return [{ role: "system", content: instructions }, ...messages];
}
