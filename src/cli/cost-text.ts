type Cost = { readonly cost_usd: number | null; readonly cost_usd_known: number };

/** Money for a person. An unknown cost is called so, with the part of it that is known. */
export function costText({ cost_usd, cost_usd_known }: Cost): string {
  if (cost_usd !== null) return dollars(cost_usd);
  return cost_usd_known === 0 ? "cost unknown" : `cost unknown, ${dollars(cost_usd_known)} of it known`;
}

export function dollars(amount: number): string {
  const digits = amount > 0 && amount < 0.1 ? amount.toFixed(4).replace(/00$/, "") : amount.toFixed(2);
  return `$${digits}`;
}
