/** What one provider may be asked for; null is no limit. */
export type ProviderLimits = {
  readonly requests_per_minute: number | null;
  readonly tokens_per_minute: number | null;
  /** Calls at a time. */
  readonly concurrency: number | null;
};

/** Length of the minute that is counted; it begins with the first call after the last one was over. */
export const WINDOW_MS = 60_000;

/** Longest time for which one answer of a provider can close it. */
export const LONGEST_CLOSED_MS = 60_000;

export type Claim = {
  readonly provider: string;
  readonly limits: ProviderLimits;
  /** Never more than the limit itself. */
  readonly tokens: number;
};

/** What one call holds until it is given back. */
export type Grant = Claim & {
  readonly id: string;
  /** When the minute ends that requests and tokens were taken from; null where nothing of the kind is limited. */
  readonly window: number | null;
};

export type Refusal = {
  readonly reason: "closed" | "requests" | "tokens" | "concurrency";
  /** Until time alone ends it; null when only the end of another call can. */
  readonly waitMs: number | null;
};

export type ClaimResult =
  | { readonly grant: Grant; readonly refusal: null }
  | { readonly grant: null; readonly refusal: Refusal };

export function refused(reason: Refusal["reason"], waitMs: number | null): ClaimResult {
  return { grant: null, refusal: { reason, waitMs } };
}

/**
 * Counts what is used up: for one process in memory, for many nodes in PostgreSQL. Rejects with a StorageError when the
 * count can't be reached.
 */
export interface LimitStore {
  /** Whether other processes wait for the same places: then nobody hears of one that becomes free and must ask. */
  readonly shared: boolean;
  /** Takes a request, its tokens and a place, all or nothing, unless the provider is closed. */
  claim(claim: Claim): Promise<ClaimResult>;
  /** Ends a call: frees its place and counts what it used instead of what was taken; null leaves that as it is. */
  settle(grant: Grant, usedTokens: number | null): Promise<void>;
  /** Gives everything back for a call that never left. */
  undo(grant: Grant): Promise<void>;
  /** Refuses every claim for this time, or for longer where an earlier call asked for longer. */
  close(provider: string, ms: number): Promise<void>;
}
