import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4FunctionTool,
} from "@ai-sdk/provider";

import { createFetch } from "../egress/http-client.ts";
import type {
  ModelAnswer,
  ModelInfo,
  ModelProvider,
  ModelRequest,
  ToolDefinition,
} from "../ports/chat-model.ts";
import { healthOf } from "./catalogue.ts";
import { instructionsWithSchema, jsonInText } from "./json-text.ts";
import { generateOnce } from "./middleware.ts";
import { toModelError } from "./model-error.ts";
import { promptOf } from "./prompt.ts";
import type { Endpoint, ProviderSettings, ProviderWiring } from "./provider-settings.ts";
import { functionTool, refuseTools } from "./tool-calls.ts";

/** Where an endpoint is told the output schema: in a field of its own, in the words of the instructions, or in both. */
type SchemaPlace = "format" | "instructions" | "both";

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
  /** In `format` unless said otherwise. An answer to a schema in words is taken out of the text around it. */
  schemaPlace?(request: ModelRequest): SchemaPlace;
  /** How the vendor is told of a tool, where it differs. */
  readonly tool?: (definition: ToolDefinition) => LanguageModelV4FunctionTool;
  /** Whether the vendor's package tells the model that a tool call failed; true unless said otherwise. */
  readonly marksErrors?: boolean;
  /** Takes the answer out of a text that may hold more. */
  readonly readText?: (text: string) => string;
};

/** A provider whose calls go through the AI SDK, its one middleware and our own fetch. */
export function createAiSdkProvider(vendor: AiSdkVendor, wiring: ProviderWiring): ModelProvider {
  const { settings, endpoint } = vendor;
  const tools = settings.tools ?? true;
  const generate = async (request: ModelRequest): Promise<ModelAnswer> => {
    if (!tools) refuseTools(settings.name, request);
    const fetch = createFetch({ trace: vendor.sendTrace ? request.trace : null });
    const place = vendor.schemaPlace?.(request) ?? "format";
    const readText = place === "format" ? vendor.readText : jsonInText;
    return generateOnce(vendor.model(request.model, fetch), callOptions(vendor, request, place), {
      provider: settings.name,
      request,
      logger: wiring.logger,
      toError: (thrown) => toModelError(thrown, endpoint, request.model),
      ...(readText === undefined ? {} : { readText }),
    });
  };
  return {
    name: settings.name,
    kind: settings.kind,
    tools,
    models: (signal) => vendor.models(signal),
    test: (signal) => healthOf(settings.name, () => vendor.models(signal)),
    generate,
    close: () => Promise.resolve(),
  };
}

function callOptions(
  vendor: AiSdkVendor,
  request: ModelRequest,
  place: SchemaPlace,
): LanguageModelV4CallOptions {
  const { messages, tools, schema, schema_name: name, max_output_tokens: longest } = request;
  const instructions = place === "format" ? request.instructions : instructionsWithSchema(request);
  return {
    prompt: promptOf({ instructions, messages, marksErrors: vendor.marksErrors ?? true }),
    ...(place === "instructions" ? {} : { responseFormat: { type: "json", schema, name } }),
    ...(tools.length === 0 ? {} : offer(tools.map(vendor.tool ?? functionTool))),
    abortSignal: request.signal,
    ...(longest === null ? {} : { maxOutputTokens: longest }),
    ...vendor.options?.(request),
  };
}

function offer(tools: LanguageModelV4FunctionTool[]): Partial<LanguageModelV4CallOptions> {
  return { tools, toolChoice: { type: "auto" } };
}
