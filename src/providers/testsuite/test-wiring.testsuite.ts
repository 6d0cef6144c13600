import type { ModelAnswer, ModelProvider, ModelRequest } from "../../ports/chat-model.ts";
import type { Logger } from "../../ports/logger.ts";
import type { ProviderSettings, ProviderWiring } from "../provider-settings.ts";
import { sendJson, startScriptedServer } from "./scripted-server.testsuite.ts";
import type { WireFormat } from "./wire-format.ts";

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silent,
};

/** With a logger that says nothing. */
export const silentWiring: ProviderWiring = { logger: silent };

/** Settings of a provider that was found by its vendor's variables. */
export function settingsOf(kind: string, changed: Partial<ProviderSettings> = {}): ProviderSettings {
  return {
    name: kind,
    kind,
    base_url: null,
    api_key: null,
    send_trace_headers: null,
    structured_output: true,
    tools: null,
    ...changed,
  };
}

/** Every call of one test is the same but for what the test is about. */
export function requestOf(changed: Partial<ModelRequest> = {}): ModelRequest {
  return {
    model: "model-asked",
    instructions: "You direct.",
    messages: [{ role: "user", content: "make a plan" }],
    schema_name: "director",
    schema: {
      type: "object",
      properties: { title: { type: "string" } },
      required: ["title"],
      additionalProperties: false,
    },
    tools: [],
    max_output_tokens: null,
    trace: { workflow_id: "wf-1", role: "director", step_id: "director#0", attempt: 2, call: 3 },
    signal: new AbortController().signal,
    ...changed,
  };
}

type OneCall = {
  readonly create: (serverUrl: string) => ModelProvider;
  readonly wire: WireFormat;
  readonly text: string;
  readonly request?: Partial<ModelRequest>;
};

/** Lets the provider make one call and shows what it sent and what it made of the text that came back. */
export async function oneCall(
  call: OneCall,
): Promise<{ readonly sent: Record<string, unknown>; readonly answer: ModelAnswer }> {
  const server = await startScriptedServer();
  server.play(sendJson(200, call.wire.completion(call.text, "stop")));
  const provider = call.create(server.url);
  const answer = await provider.generate(requestOf(call.request));
  const sent = JSON.parse(server.requests[0]!.body) as Record<string, unknown>;
  await provider.close();
  await server.close();
  return { sent, answer };
}
