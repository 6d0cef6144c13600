import { createRequire } from "node:module";

import type { calcPrice } from "@pydantic/genai-prices";

import type { Config, ModelPrice } from "../config/config.ts";
import { toDollars, toMicroDollars } from "../core/micro-dollars.ts";
import type { PricedModel, PriceTable } from "../ports/price-table.ts";

type Tokens = {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cached_input_tokens: number;
};
type Catalogue = { readonly calcPrice: typeof calcPrice };

/** Kinds whose prices the catalogue has, by its own names for them. */
const VENDORS: ReadonlyMap<string, string> = new Map([
  ["openai", "openai"],
  ["anthropic", "anthropic"],
]);

const NOTHING: ModelPrice = { input_per_million: 0, output_per_million: 0, cached_input_per_million: 0 };
const PER_MILLION = 1_000_000;
const load = createRequire(import.meta.url);

/**
 * The prices of the configuration, else those of the installed catalogue, which never asks the network. Nobody bills
 * Ollama; what another endpoint asks only its owner knows. Costs are rounded up to whole millionths of a dollar.
 */
export function createPriceTable(overrides: Config["prices"]): PriceTable {
  const own = new Map(Object.entries(overrides));
  let catalogue: Catalogue | null = null;
  const costOf = (model: PricedModel, tokens: Tokens): number | null => {
    const price = overridingPrice(own, model) ?? (model.kind === "ollama" ? NOTHING : null);
    if (price) return rounded(priced(price, tokens));
    const vendor = VENDORS.get(model.kind);
    if (vendor === undefined) return null;
    // Loading it takes as long as starting Node, which most commands need not wait for.
    catalogue ??= load("@pydantic/genai-prices") as Catalogue;
    return catalogueCost(catalogue, { vendor, model: model.model }, tokens);
  };
  return {
    costOf,
    worstCase: (model, tokens) => costOf(model, { ...tokens, cached_input_tokens: 0 }),
  };
}

/** The price of just this model, dated or not, else that of the longest beginning that was given. */
function overridingPrice(
  own: ReadonlyMap<string, ModelPrice>,
  { provider, model }: PricedModel,
): ModelPrice | null {
  if (own.size === 0) return null;
  const name = `${provider}/${model}`;
  const exact = own.get(name) ?? own.get(withoutVersion(name));
  if (exact) return exact;
  const beginnings = [...own.keys()].filter((key) => /[/-]$/.test(key) && name.startsWith(key));
  const longest = beginnings.toSorted((left, right) => right.length - left.length)[0];
  return (longest !== undefined && own.get(longest)) || null;
}

/** Vendors serve a model under its name and a date. */
function withoutVersion(name: string): string {
  return name.replace(/[-@](20\d{2}-?\d{2}-?\d{2}|latest)$/, "");
}

function priced(price: ModelPrice, tokens: Tokens): number {
  const cached = Math.min(tokens.cached_input_tokens, tokens.input_tokens);
  const cachedPrice = price.cached_input_per_million ?? price.input_per_million;
  const input = (tokens.input_tokens - cached) * price.input_per_million + cached * cachedPrice;
  return (input + tokens.output_tokens * price.output_per_million) / PER_MILLION;
}

function catalogueCost(
  catalogue: Catalogue,
  { vendor, model }: { readonly vendor: string; readonly model: string },
  tokens: Tokens,
): number | null {
  const { input_tokens, output_tokens, cached_input_tokens } = tokens;
  const cache_read_tokens = Math.min(cached_input_tokens, input_tokens);
  const found = catalogue.calcPrice({ input_tokens, output_tokens, cache_read_tokens }, model, {
    providerId: vendor,
  });
  // A model that is sold by the hour or the picture has a price, but none for tokens: that is no zero.
  if (found?.model_price["input_mtok"] === undefined) return null;
  if (found.model_price["output_mtok"] === undefined) return null;
  return rounded(found.total_price);
}

function rounded(usd: number): number {
  return toDollars(toMicroDollars(usd));
}
