import type { ModelCatalogue } from "../engine/model-catalogue.ts";
import type { ModelProvider } from "../ports/chat-model.ts";

/** Model families that serve all seven roles well, best first, by provider kind. */
const PREFERRED: Readonly<Record<string, readonly RegExp[]>> = {
  openai: [/^gpt-5(\.\d+)?$/, /^gpt-5(\.\d+)?-mini$/, /^gpt-5/, /^gpt-4\.1$/, /^gpt-4o$/],
  anthropic: [/^claude-sonnet-\d/, /^claude-opus-\d/, /^claude-.*sonnet/],
  copilot: [/^gpt-5(\.\d+)?$/, /^claude-sonnet/, /^gpt-4\.1$/, /^gpt-4o$/],
};

/**
 * The model that acts when neither the configuration nor the caller names one: a preferred one of the first
 * provider whose catalogue can be read, the newest name first. Null when no provider answers with a model.
 */
export async function findDefaultModel(
  providers: readonly ModelProvider[],
  catalogue: ModelCatalogue,
): Promise<string | null> {
  for (const provider of providers) {
    const ids = ((await catalogue.models(provider.name)) ?? []).map((model) => model.id);
    const preferred = (PREFERRED[provider.kind] ?? [])
      .map((pattern) =>
        ids
          .filter((id) => pattern.test(id))
          .toSorted()
          .at(-1),
      )
      .find((id) => id !== undefined);
    const id = preferred ?? ids[0];
    if (id !== undefined) return `${provider.name}/${id}`;
  }
  return null;
}
