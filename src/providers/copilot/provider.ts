import { randomUUID } from "node:crypto";

import type { CopilotSession, SessionConfig } from "@github/copilot-sdk";

import {
  ModelError,
  type ModelAnswer,
  type ModelInfo,
  type ModelProvider,
  type ModelRequest,
} from "../../ports/chat-model.ts";
import { healthOf } from "../catalogue.ts";
import { instructionsWithSchema, jsonInText } from "../json-text.ts";
import { sendOnce, type Answered } from "../middleware.ts";
import { toModelError } from "../model-error.ts";
import {
  describeEndpoint,
  sendsTraceHeaders,
  withoutTrailingSlash,
  type Endpoint,
  type ProviderSettings,
  type ProviderWiring,
} from "../provider-settings.ts";
import { refuseTools } from "../tool-calls.ts";
import { copilotModels, endpointModels } from "./catalogue.ts";
import { keepRuntime, type KeptRuntime } from "./kept-runtime.ts";
import type { CopilotSdk } from "./load-sdk.ts";
import { createModelExchange } from "./model-exchange.ts";
import { promptOf } from "./prompt.ts";
import type { CopilotRuntime } from "./runtime.ts";
import { sdkError } from "./sdk-error.ts";

const VENDOR_URL = "https://api.githubcopilot.com";

/**
 * GitHub Copilot through its official SDK, whose runtime is started with the first use. A base URL makes the runtime
 * ask that OpenAI-compatible endpoint with the key, instead of GitHub with the token. `load` fetches the optional SDK.
 */
export function createCopilotProvider(
  settings: ProviderSettings,
  wiring: ProviderWiring,
  load?: () => Promise<CopilotSdk>,
): ModelProvider {
  const url = settings.base_url === null ? VENDOR_URL : withoutTrailingSlash(settings.base_url);
  const variables = { credential: "COPILOT_GITHUB_TOKEN", address: "the network" };
  const endpoint = describeEndpoint(settings, url, variables);
  const runtime = keepRuntime(settings, load);
  const conversations = { settings, endpoint, runtime, wiring, endings: new Set<Promise<void>>() };

  const generate = async (request: ModelRequest): Promise<ModelAnswer> => {
    refuseTools(settings.name, request);
    const toError = (thrown: unknown): ModelError => toModelError(thrown, endpoint, request.model);
    return sendOnce({ request, toError }, () => converse(conversations, request));
  };
  const models = (signal: AbortSignal): Promise<ModelInfo[]> =>
    settings.base_url === null
      ? copilotModels(runtime, endpoint, signal)
      : endpointModels(settings, endpoint, signal);

  return {
    name: settings.name,
    kind: settings.kind,
    // Its runtime would run them itself, where no journal sees it.
    tools: false,
    models,
    test: (signal) => healthOf(settings.name, () => models(signal)),
    generate,
    close: async () => {
      await Promise.all(conversations.endings);
      await runtime.close();
    },
  };
}

type Conversations = {
  readonly settings: ProviderSettings;
  readonly endpoint: Endpoint;
  readonly runtime: KeptRuntime;
  readonly wiring: ProviderWiring;
  /** Sessions that are being ended while their answer is long given. */
  readonly endings: Set<Promise<void>>;
};

async function converse(conversations: Conversations, request: ModelRequest): Promise<Answered> {
  const { settings, endpoint, runtime, endings } = conversations;
  const running = await runtime.get();
  const id = randomUUID();
  const sendTrace = sendsTraceHeaders(settings, settings.base_url === null);
  const exchange = createModelExchange({ request, endpoint, sendTrace });
  running.exchanges.set(id, exchange);
  const opened: CopilotSession[] = [];
  const ask = async (): Promise<void> => {
    const session = await running.client.createSession(sessionConfig(settings, request, id));
    opened.push(session);
    session.on(exchange.hear);
    await session.send({ prompt: promptOf(request.messages) });
  };
  const asking = ask();
  try {
    const [answered] = await Promise.all([exchange.answer, asking]);
    return { ...answered, text: jsonInText(answered.text) };
  } catch (error) {
    if (error instanceof ModelError || request.signal.aborted) throw error;
    runtime.forget(running);
    throw sdkError(error, endpoint);
  } finally {
    const ending = endSession(conversations.wiring, running, { id, asking, opened });
    endings.add(ending);
    void ending.then(() => endings.delete(ending));
  }
}

function sessionConfig(settings: ProviderSettings, request: ModelRequest, id: string): SessionConfig {
  const { base_url: baseUrl, api_key: apiKey } = settings;
  const endpoint: NonNullable<SessionConfig["provider"]> = {
    type: "openai",
    wireApi: "completions",
    baseUrl: withoutTrailingSlash(baseUrl ?? ""),
    ...(apiKey === null ? {} : { apiKey }),
  };
  return {
    sessionId: id,
    clientName: "ts-orca",
    model: request.model,
    systemMessage: { mode: "replace", content: instructionsWithSchema(request) },
    availableTools: [],
    infiniteSessions: { enabled: false },
    capi: { enableWebSocketResponses: false },
    ...(baseUrl === null ? {} : { provider: endpoint }),
  };
}

type Session = {
  readonly id: string;
  readonly asking: Promise<void>;
  readonly opened: readonly CopilotSession[];
};

// What the session still does and keeps on disk ends here; the answer doesn't wait for it.
async function endSession(wiring: ProviderWiring, runtime: CopilotRuntime, session: Session): Promise<void> {
  try {
    await Promise.allSettled([session.asking]); // an abort may come before the session is open
    await Promise.all(session.opened.map((opened) => opened.abort()));
    if (session.opened.length > 0) await runtime.client.deleteSession(session.id);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    wiring.logger.debug({ reason }, "a Copilot session could not be ended");
  } finally {
    runtime.exchanges.delete(session.id);
  }
}
