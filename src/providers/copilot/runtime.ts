import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { CopilotClient, CopilotClientOptions } from "@github/copilot-sdk";

import { createFetch } from "../../egress/http-client.ts";
import { ModelError } from "../../ports/chat-model.ts";
import type { CopilotSdk } from "./load-sdk.ts";
import type { ModelExchange } from "./model-exchange.ts";

/** A running Copilot runtime: a child process, and the exchanges that its sessions belong to. */
export type CopilotRuntime = {
  readonly client: CopilotClient;
  /** By session id. A request to a model outside of these never leaves. */
  readonly exchanges: Map<string, ModelExchange>;
  readonly stop: () => Promise<void>;
};

const MODEL_PATH = /\/(chat\/completions|responses|messages)$/;

/**
 * Starts the runtime with nothing of ours but a directory of its own and the token. All its requests to models come
 * back to us and leave by our own fetch.
 */
export async function startCopilotRuntime(
  sdk: CopilotSdk,
  token: string | null,
  provider: string,
): Promise<CopilotRuntime> {
  const directory = await mkdtemp(join(tmpdir(), "orca-copilot-"));
  const exchanges = new Map<string, ModelExchange>();
  const options: CopilotClientOptions = {
    mode: "empty",
    baseDirectory: directory,
    workingDirectory: directory,
    useLoggedInUser: false,
    logLevel: "none",
    env: { HOME: directory },
    requestHandler: requestsOf(sdk, exchanges),
    ...(token === null ? {} : { gitHubToken: token }),
  };
  const client = new sdk.CopilotClient(options);
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    await client.start();
  } catch (error) {
    await remove();
    const reason = error instanceof Error ? error.message : String(error);
    throw new ModelError("network", `The runtime of ${provider} did not start: ${reason}`);
  }
  const stop = async (): Promise<void> => {
    const stopped = new ModelError("network", `The runtime of ${provider} was stopped.`);
    for (const exchange of exchanges.values()) exchange.fail(stopped); // no event will come for them
    await client.stop();
    await remove();
  };
  return { client, exchanges, stop };
}

function requestsOf(
  sdk: CopilotSdk,
  exchanges: ReadonlyMap<string, ModelExchange>,
): NonNullable<CopilotClientOptions["requestHandler"]> {
  class OwnRequests extends sdk.CopilotRequestHandler {
    protected override sendRequest(
      request: Request,
      context: Parameters<(typeof sdk.CopilotRequestHandler.prototype)["sendRequest"]>[1],
    ): Promise<Response> {
      if (!MODEL_PATH.test(new URL(request.url).pathname)) {
        return createFetch({ trace: null })(request, { signal: context.signal });
      }
      const exchange = exchanges.get(context.sessionId ?? "");
      if (exchange === undefined) return Promise.resolve(new Response("{}", { status: 400 }));
      return exchange.send(request, context.signal);
    }

    protected override openWebSocket(): Promise<never> {
      return Promise.reject(new Error("requests to models go over HTTP"));
    }
  }
  return new OwnRequests();
}
