/** Whose budgets a call counts against; `at` (RFC 3339 in UTC) decides on the day and the month. */
export type SpendPlace = {
  readonly tenant_id: string;
  readonly scope_id: string | null;
  readonly at: string;
};

/** `cost_usd` is null when the price is unknown; such a call counts by tokens and calls alone. */
export type SpendAmount = { readonly cost_usd: number | null; readonly tokens: number };

export type Reserved =
  | { readonly ok: true }
  | {
      readonly ok: false;
      /** Which budget is used up, what it allows and what is left, in words for a person. */
      readonly message: string;
      /** When the period of that budget ends. */
      readonly resets_at: string;
    };

/** Budgets that many workflows share: of a tenant and of a scope, a day and a month, over all nodes. */
export interface SpendLedger {
  /** Sets the worst case of a call aside in every budget it counts against, or in none. Rejects with a StorageError. */
  reserve(place: SpendPlace, worstCase: SpendAmount): Promise<Reserved>;
  /**
   * Puts what was spent in the place of what was reserved; null: the call never left, and does not count as one.
   * A reservation that is never settled stays spent.
   */
  settle(place: SpendPlace, reserved: SpendAmount, spent: SpendAmount | null): Promise<void>;
}
