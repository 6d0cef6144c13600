import type { TokenUsage } from "../core/workflow/events.ts";

export type PricedModel = {
  /** Kind of the provider, which says whose prices hold. */
  readonly kind: string;
  readonly provider: string;
  readonly model: string;
};

/** What models cost, in US dollars. An unknown price is null, never zero. */
export interface PriceTable {
  costOf(model: PricedModel, usage: TokenUsage): number | null;
  /** The most a call can cost that sends `input_tokens` and may be answered with `output_tokens`. */
  worstCase(
    model: PricedModel,
    tokens: { readonly input_tokens: number; readonly output_tokens: number },
  ): number | null;
}
