import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

import { LLMock } from "@copilotkit/aimock";

/** What one step's model said. */
type Recorded = { readonly step_id: string; readonly answer: object };

export type RecordingServer = {
  /** Base URL of an OpenAI-compatible endpoint that knows nothing but the recording. */
  readonly url: string;
  close(): Promise<void>;
};

const CHARACTERS_PER_TOKEN = 4;

/** Serves recorded answers on the loopback, each to the step that asks for it by its trace header, after `latencyMs`. */
export async function startRecordingServer(
  model: string,
  recorded: readonly Recorded[],
  latencyMs: number,
): Promise<RecordingServer> {
  const mock = new LLMock({ port: 0, host: "127.0.0.1", logLevel: "silent", strict: true });
  mock.mount("/v1/chat", { handleRequest: stepAsContext });
  for (const { step_id, answer } of recorded) {
    const content = JSON.stringify(answer);
    mock.on({ model, context: step_id }, async (request) => {
      await sleep(latencyMs);
      return { content, usage: estimatedUsage(JSON.stringify(request.messages), content) };
    });
  }
  await mock.start();
  return { url: `${mock.url}/v1`, close: () => mock.stop() };
}

/** Fixtures can be told apart by aimock's own header only, so the step's header is handed on under that name. */
function stepAsContext(request: IncomingMessage): Promise<boolean> {
  const step = request.headers["x-orca-step"];
  if (step !== undefined) request.headers["x-aimock-context"] = step;
  return Promise.resolve(false);
}

/** A recording has no meter; this is about what a model would have counted. */
function estimatedUsage(asked: string, answered: string) {
  return {
    prompt_tokens: Math.ceil(asked.length / CHARACTERS_PER_TOKEN),
    completion_tokens: Math.ceil(answered.length / CHARACTERS_PER_TOKEN),
  };
}
