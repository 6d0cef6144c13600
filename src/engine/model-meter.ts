import type { Clock } from "../ports/clock.ts";
import type { ModelLimiter } from "../ports/model-limiter.ts";
import type { PriceTable } from "../ports/price-table.ts";
import type { SpendAmount, SpendLedger } from "../ports/spend-ledger.ts";

/** What every model call passes on its way out and back. */
export type ModelMeter = {
  readonly limiter: ModelLimiter;
  readonly ledger: SpendLedger;
  readonly prices: PriceTable;
  readonly clock: Clock;
};

/** With no limit on the answer a budget reckons with this many tokens. */
const USUAL_OUTPUT_TOKENS = 16_384;
/** Fewer than tokenizers need on average, so that the estimate errs on the safe side. */
const BYTES_PER_TOKEN = { ascii: 3, other: 2 };

type Sizes = { readonly texts: readonly string[]; readonly max_output_tokens: number | null };

/** The most a call may use; its cost is null when the price is unknown. */
export function worstCaseOf(
  prices: PriceTable,
  model: Parameters<PriceTable["worstCase"]>[0],
  { texts, max_output_tokens }: Sizes,
): SpendAmount {
  const input_tokens = texts.reduce((sum, text) => sum + mostTokensOf(text), 0);
  const output_tokens = max_output_tokens ?? USUAL_OUTPUT_TOKENS;
  return {
    cost_usd: prices.worstCase(model, { input_tokens, output_tokens }),
    tokens: input_tokens + output_tokens,
  };
}

function mostTokensOf(text: string): number {
  const bytes = Buffer.byteLength(text);
  // Characters beyond ASCII take two bytes or more where a string counts one or two units.
  const other = Math.min(bytes, 2 * (bytes - text.length));
  return Math.ceil((bytes - other) / BYTES_PER_TOKEN.ascii + other / BYTES_PER_TOKEN.other);
}
