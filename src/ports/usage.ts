import type { RoleName } from "../core/role-name.ts";
import type { UsageDimension } from "../core/usage-dimension.ts";

/** What was spent of one budget in one period; `scope_id` null is the tenant as a whole. */
export type SpendKey = { readonly scope_id: string | null; readonly period: string };
/** Money in whole millionths of a US dollar. */
export type SpendSum = {
  readonly cost_micro_usd: number;
  readonly tokens: number;
  readonly model_calls: number;
};
export type SpendCounter = SpendKey & SpendSum;
/** A null limit is none. */
export type SpendLimit = SpendKey & { readonly [Sum in keyof SpendSum]: number | null };

export type UsageQuery = {
  /** Days in UTC, both included. */
  readonly from: string;
  readonly to: string;
  readonly group_by: readonly UsageDimension[];
  readonly scope_id: string | null;
  readonly workflow_id: string | null;
};

/** Model calls of one group; a key is null when it is not grouped by. Money in whole millionths of a US dollar. */
export type UsageRow = {
  readonly day: string | null;
  readonly scope_id: string | null;
  readonly role: RoleName | null;
  /** As provider/model, by the name it was asked under. */
  readonly model: string | null;
  readonly workflow_id: string | null;
  /** Calls that have ended; the sums are of these alone. */
  readonly model_calls: number;
  readonly failed_calls: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cached_input_tokens: number;
  readonly cost_micro_usd: number;
  readonly calls_without_price: number;
  /** Calls that have left and whose end is not known, at their worst case. */
  readonly calls_in_doubt: number;
  readonly in_doubt_tokens: number;
  readonly in_doubt_cost_micro_usd: number;
  readonly in_doubt_without_price: number;
};
