import type { ModelInfo } from "../../ports/chat-model.ts";
import { entriesOf, fetchCatalogue, sortedById, textField } from "../catalogue.ts";
import type { Endpoint, ProviderSettings } from "../provider-settings.ts";
import { unlessAborted } from "../unless-aborted.ts";
import type { KeptRuntime } from "./kept-runtime.ts";
import { sdkError } from "./sdk-error.ts";

/** What GitHub offers to the owner of the token, without the models that a policy switched off. */
export async function copilotModels(
  runtime: KeptRuntime,
  endpoint: Endpoint,
  signal: AbortSignal,
): Promise<ModelInfo[]> {
  const list = async (): Promise<ModelInfo[]> => {
    const { client } = await runtime.get();
    const models = (await client.listModels()).filter(({ policy }) => policy?.state !== "disabled");
    return models.map(({ id, name, capabilities }) => {
      const context = capabilities.limits.max_context_window_tokens;
      return { id, name, context_window: context > 0 ? context : null };
    });
  };
  try {
    return sortedById(await unlessAborted(signal, list));
  } catch (error) {
    signal.throwIfAborted();
    throw sdkError(error, endpoint);
  }
}

/** The catalogue of the endpoint that takes GitHub's place. */
export async function endpointModels(
  settings: ProviderSettings,
  endpoint: Endpoint,
  signal: AbortSignal,
): Promise<ModelInfo[]> {
  const headers: Record<string, string> =
    settings.api_key === null ? {} : { authorization: `Bearer ${settings.api_key}` };
  const catalogue = await fetchCatalogue({ url: `${endpoint.url}/models`, headers, signal, endpoint });
  const ids = entriesOf(catalogue, "data", endpoint).flatMap((entry) => textField(entry, "id") ?? []);
  return sortedById(ids.map((id) => ({ id, name: id, context_window: null })));
}
