import { ModelError } from "../../ports/chat-model.ts";
import { quote } from "../model-error.ts";
import type { Endpoint } from "../provider-settings.ts";

/** Classifies what the SDK throws: it tells no status, only words, and a token that can't be checked offline sounds like a wrong one. */
export function sdkError(error: unknown, endpoint: Endpoint): ModelError {
  if (error instanceof ModelError) return error;
  const said = quote(error instanceof Error ? error.message : String(error), endpoint);
  return /auth|token|401|403/i.test(said)
    ? new ModelError(
        "auth",
        `${endpoint.credential} is not accepted by GitHub Copilot, or GitHub can't be reached to check it: ${said}`,
      )
    : new ModelError("network", `The runtime of GitHub Copilot failed: ${said}`);
}
