import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";

import type * as Flexible from "rate-limiter-flexible";
import type { RateLimiterMemory } from "rate-limiter-flexible";

import {
  refused,
  WINDOW_MS,
  type Claim,
  type ClaimResult,
  type LimitStore,
  type ProviderLimits,
} from "../ports/limit-store.ts";

const KEY = "used";

const load = createRequire(import.meta.url);

/** Loaded when something is limited: its module pulls in the adapters of a dozen databases. */
function flexible(): typeof Flexible {
  return load("rate-limiter-flexible") as typeof Flexible;
}

/** The ends of two minutes lie further apart; readings of one end differ by less. */
const SLACK_MS = 50;

type Used = {
  readonly requests: RateLimiterMemory | null;
  readonly tokens: RateLimiterMemory | null;
  readonly places: Set<string>;
};

/** The count of a process that shares its providers with no other. */
export function createMemoryLimitStore({ windowMs = WINDOW_MS }: { windowMs?: number } = {}): LimitStore {
  const providers = new Map<string, Used>();
  const closed = new Map<string, number>();
  const usedOf = ({ provider, limits }: Claim): Used => {
    const used = providers.get(provider) ?? unused(limits, windowMs);
    providers.set(provider, used);
    return used;
  };
  const closedFor = (provider: string): number => (closed.get(provider) ?? 0) - performance.now();
  return {
    shared: false,
    claim: (claim) => {
      const ms = closedFor(claim.provider);
      return ms > 0 ? Promise.resolve(refused("closed", ms)) : take(usedOf(claim), claim);
    },
    settle: async (grant, usedTokens) => {
      const used = usedOf(grant);
      used.places.delete(grant.id);
      if (usedTokens !== null) await correct(used.tokens, grant.window, usedTokens - grant.tokens);
    },
    undo: async (grant) => {
      const used = usedOf(grant);
      used.places.delete(grant.id);
      await used.requests?.reward(KEY, 1);
      await correct(used.tokens, grant.window, -grant.tokens);
    },
    close: (provider, ms) => {
      if (ms > closedFor(provider)) closed.set(provider, performance.now() + ms);
      return Promise.resolve();
    },
  };
}

function unused(limits: ProviderLimits, windowMs: number): Used {
  const limiter = (points: number | null): RateLimiterMemory | null =>
    points === null ? null : new (flexible().RateLimiterMemory)({ points, duration: windowMs / 1000 });
  return {
    requests: limiter(limits.requests_per_minute),
    tokens: limiter(limits.tokens_per_minute),
    places: new Set(),
  };
}

async function take(used: Used, claim: Claim): Promise<ClaimResult> {
  const { concurrency } = claim.limits;
  if (concurrency !== null && used.places.size >= concurrency) return refused("concurrency", null);
  const id = randomUUID();
  used.places.add(id);
  const requests = await consume(used.requests, 1);
  const tokens = requests.taken ? await consume(used.tokens, claim.tokens) : requests;
  if (requests.taken && tokens.taken) {
    const window = used.tokens === null ? null : Date.now() + tokens.msLeft;
    return { grant: { ...claim, id, window }, refusal: null };
  }
  used.places.delete(id);
  if (!requests.taken) return refused("requests", requests.msLeft);
  await used.requests?.reward(KEY, 1);
  return refused("tokens", tokens.msLeft);
}

type Consumed = { readonly taken: boolean; readonly msLeft: number };

async function consume(limiter: RateLimiterMemory | null, points: number): Promise<Consumed> {
  if (limiter === null) return { taken: true, msLeft: 0 };
  try {
    return { taken: true, msLeft: (await limiter.consume(KEY, points)).msBeforeNext };
  } catch (rejection) {
    if (!(rejection instanceof flexible().RateLimiterRes)) throw rejection;
    await limiter.reward(KEY, points); // it counts what it refuses, too
    return { taken: false, msLeft: rejection.msBeforeNext };
  }
}

/** What is left of a minute that is over goes with it; what was used beyond the estimate counts in any. */
async function correct(
  limiter: RateLimiterMemory | null,
  window: number | null,
  points: number,
): Promise<void> {
  if (limiter === null || window === null || points === 0) return;
  const current = await limiter.get(KEY);
  if (current === null || current.msBeforeNext <= 0) return;
  const sameMinute = Math.abs(Date.now() + current.msBeforeNext - window) < SLACK_MS;
  if (points > 0) await limiter.penalty(KEY, points);
  else if (sameMinute) await limiter.reward(KEY, -points);
}
