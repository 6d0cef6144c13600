import type { ModelProvider, ProviderHealth } from "../ports/chat-model.ts";

const FRESH_MS = 30_000;
const PATIENCE_MS = 10_000;
/** Probes wait this long for an answer and then take the last one known. */
const COURTESY_MS = 500;

type Seen = { readonly name: string; readonly healthy: boolean | null; readonly message: string | null };

/** What is known of the providers, asked for at most every 30 s however often probes come. */
export class ProviderWatch {
  readonly #providers: readonly ModelProvider[];
  readonly #shutdown: AbortSignal;
  readonly #known = new Map<string, ProviderHealth>();
  #asked = Number.NEGATIVE_INFINITY;
  #answer: Promise<unknown> = Promise.resolve();

  constructor(providers: readonly ModelProvider[], shutdown: AbortSignal) {
    this.#providers = providers;
    this.#shutdown = shutdown;
  }

  async look(): Promise<Seen[]> {
    if (performance.now() - this.#asked > FRESH_MS) {
      this.#asked = performance.now();
      this.#answer = Promise.all(this.#providers.map((provider) => this.#ask(provider)));
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, COURTESY_MS);
    await Promise.race([this.#answer, promise]);
    clearTimeout(timer);
    return this.#providers.map(({ name }) => {
      const health = this.#known.get(name);
      return { name, healthy: health?.healthy ?? null, message: health?.message ?? null };
    });
  }

  async #ask(provider: ModelProvider): Promise<void> {
    const signal = AbortSignal.any([this.#shutdown, AbortSignal.timeout(PATIENCE_MS)]);
    this.#known.set(provider.name, await provider.test(signal));
  }
}
