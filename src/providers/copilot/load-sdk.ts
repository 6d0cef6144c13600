import type * as copilotSdk from "@github/copilot-sdk";

import { ModelError } from "../../ports/chat-model.ts";

/** The package is an optional peer of 113 MB: it is there only where someone installed it. */
export type CopilotSdk = typeof copilotSdk;

/** Rejects with a ModelError that says how to install the package when it is missing. */
export async function loadCopilotSdk(
  load: () => Promise<CopilotSdk> = () => import("@github/copilot-sdk"),
): Promise<CopilotSdk> {
  try {
    return await load();
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
    throw new ModelError(
      "no_model",
      `GitHub Copilot needs its SDK, which can't be loaded here${reason}. Run: npm install @github/copilot-sdk`,
    );
  }
}
