import { createFetch } from "../egress/http-client.ts";
import { ModelError, type ModelInfo, type ProviderHealth } from "../ports/chat-model.ts";
import { fromHttp, toModelError } from "./model-error.ts";
import type { Endpoint } from "./provider-settings.ts";

export type CatalogueRequest = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly endpoint: Endpoint;
};

/** Reads a list of models. Rejects with a ModelError, or with the reason of the signal. */
export async function fetchCatalogue(request: CatalogueRequest): Promise<unknown> {
  const { url, headers, signal, endpoint } = request;
  try {
    const response = await createFetch({ trace: null })(url, { headers, signal });
    const body = await response.text();
    if (!response.ok) {
      const header = (name: string): string | null => response.headers.get(name);
      throw fromHttp({ status: response.status, body, header }, endpoint, null);
    }
    return JSON.parse(body);
  } catch (error) {
    signal.throwIfAborted();
    throw toModelError(error, endpoint, null);
  }
}

/** The entries of `{[key]: [...]}`, or of a bare list. */
export function entriesOf(catalogue: unknown, key: string, endpoint: Endpoint): Record<string, unknown>[] {
  const list = Array.isArray(catalogue) ? catalogue : isObject(catalogue) ? catalogue[key] : null;
  if (!Array.isArray(list)) {
    throw new ModelError(
      "network",
      `${endpoint.url} sent no list of models. Check ${endpoint.address}: is this the API of ${endpoint.provider}?`,
    );
  }
  return list.filter(isObject);
}

/** The first of the named fields that holds a text. */
export function textField(entry: Record<string, unknown>, ...names: string[]): string | null {
  const values = names.map((name) => entry[name]);
  return (values.find((value) => typeof value === "string" && value !== "") as string | undefined) ?? null;
}

/** The first of the named fields that holds a positive whole number. */
export function countField(entry: Record<string, unknown>, ...names: string[]): number | null {
  const values = names.map((name) => entry[name]);
  return (values.find((value) => Number.isInteger(value) && Number(value) > 0) as number | undefined) ?? null;
}

/** By id, in an order that does not depend on the machine. */
export function sortedById(models: readonly ModelInfo[]): ModelInfo[] {
  return models.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

/** Whether a catalogue can be read, in words for a person. Never rejects. */
export async function healthOf(provider: string, list: () => Promise<ModelInfo[]>): Promise<ProviderHealth> {
  const started = performance.now();
  const latency = (): number => Math.round(performance.now() - started);
  try {
    const models = await list();
    const message = models.length > 0 ? null : `${provider} answers but offers no models.`;
    return { healthy: models.length > 0, latency_ms: latency(), message };
  } catch (error) {
    const message =
      error instanceof ModelError ? error.message : `${provider} did not answer before the test was ended.`;
    return { healthy: false, latency_ms: latency(), message };
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
