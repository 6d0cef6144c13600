import type { ModelInfo, ModelProvider } from "../ports/chat-model.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";

const FRESH_MS = 60_000;
const FAILED_FRESH_MS = 5_000;
const ANSWER_WITHIN_MS = 5_000;

type Known = { readonly until: number; readonly models: Promise<readonly ModelInfo[] | null> };

/** The live catalogues of the configured providers, asked for at most once a minute. */
export class ModelCatalogue {
  readonly #providers: ReadonlyMap<string, ModelProvider>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #known = new Map<string, Known>();

  constructor(providers: readonly ModelProvider[], clock: Clock, logger: Logger) {
    this.#providers = new Map(providers.map((provider) => [provider.name, provider]));
    this.#clock = clock;
    this.#logger = logger;
  }

  get providerNames(): string[] {
    return [...this.#providers.keys()];
  }

  provider(name: string): ModelProvider | undefined {
    return this.#providers.get(name);
  }

  /** Models of one provider; null when it is unknown or does not answer, which is logged. */
  async models(name: string): Promise<readonly ModelInfo[] | null> {
    const provider = this.#providers.get(name);
    if (!provider) return null;
    const now = this.#clock.now().getTime();
    const known = this.#known.get(name);
    if (known && now < known.until) return known.models;
    const models = provider.models(AbortSignal.timeout(ANSWER_WITHIN_MS)).catch((error: unknown) => {
      this.#known.set(name, { until: now + FAILED_FRESH_MS, models: Promise.resolve(null) });
      this.#logger.warn({ provider: name, error }, "the provider's model list can't be read");
      return null;
    });
    this.#known.set(name, { until: now + FRESH_MS, models });
    return models;
  }

  /** Every known model as provider/model. */
  async references(): Promise<string[]> {
    const lists = await Promise.all(
      this.providerNames.map(async (name) =>
        ((await this.models(name)) ?? []).map((model) => `${name}/${model.id}`),
      ),
    );
    return lists.flat();
  }
}

/** Splits provider/model; the model's own name may hold further slashes. */
export function splitReference(reference: string): { provider: string; model: string } {
  const slash = Math.max(0, reference.indexOf("/"));
  return { provider: reference.slice(0, slash), model: reference.slice(slash === 0 ? 0 : slash + 1) };
}
