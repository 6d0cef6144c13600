import { ModelError } from "../../ports/chat-model.ts";
import type { ProviderSettings } from "../provider-settings.ts";
import { loadCopilotSdk, type CopilotSdk } from "./load-sdk.ts";
import { startCopilotRuntime, type CopilotRuntime } from "./runtime.ts";

/** The one runtime of a provider, started when it is first needed. */
export type KeptRuntime = {
  readonly get: () => Promise<CopilotRuntime>;
  /** A runtime that failed is not used again; the next call starts another. */
  readonly forget: (runtime: CopilotRuntime) => void;
  readonly close: () => Promise<void>;
};

/** Rejects with a ModelError when the SDK is not installed, the token is missing, or the runtime does not start. */
export function keepRuntime(
  settings: ProviderSettings,
  load: (() => Promise<CopilotSdk>) | undefined,
): KeptRuntime {
  const token = settings.base_url === null ? settings.api_key : null;
  let current: Promise<CopilotRuntime> | null = null;
  const stopped: Promise<void>[] = [];
  const start = async (): Promise<CopilotRuntime> => {
    const sdk = await loadCopilotSdk(load);
    if (settings.base_url === null && token === null) {
      throw new ModelError("auth", "COPILOT_GITHUB_TOKEN is not set: GitHub Copilot needs a token of yours.");
    }
    return startCopilotRuntime(sdk, token, settings.name);
  };
  return {
    get: async () => {
      const starting = (current ??= start());
      try {
        return await starting;
      } catch (error) {
        if (current === starting) current = null;
        throw error;
      }
    },
    forget: (runtime) => {
      current = null;
      stopped.push(runtime.stop());
    },
    close: async () => {
      const running = current;
      current = null;
      if (running !== null) stopped.push(running.then((runtime) => runtime.stop()));
      await Promise.allSettled(stopped);
    },
  };
}
