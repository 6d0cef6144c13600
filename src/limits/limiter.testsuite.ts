import { describe, expect, test } from "vitest";

import { systemClock } from "../app/system-clock.ts";
import type { LimitStore, ProviderLimits } from "../ports/limit-store.ts";
import type { ModelCallEnd, ModelLimiter } from "../ports/model-limiter.ts";
import { recordingLogger } from "../storage/testsuite/store-under-test.testsuite.ts";
import { createModelLimiter } from "./model-limiter.ts";

export type StoreSubject = {
  readonly label: string;
  /** A store with a count of its own; with `windowMs` instead of a minute. */
  readonly create: (windowMs: number) => LimitStore;
};

const MINUTE = 60_000;
export const never = new AbortController().signal;
export const answered = (tokens: number | null = null): ModelCallEnd => ({
  code: null,
  retry_after_ms: null,
  tokens,
});

export function limitsOf(changed: Partial<ProviderLimits>): ProviderLimits {
  return { requests_per_minute: null, tokens_per_minute: null, concurrency: null, ...changed };
}

export function limiterOver(store: LimitStore, changed: Partial<ProviderLimits>): ModelLimiter {
  return createModelLimiter({
    limits: new Map([["p", limitsOf(changed)]]),
    store,
    clock: systemClock,
    random: () => 0,
    logger: recordingLogger(),
  });
}

export const callOf = (tokens = 0) => ({ provider: "p", model: "m", tokens });

/** Makes the calls all at once, holds them until `expected` are in flight, and tells how many were at most. */
export async function mostInFlight(
  limiters: readonly ModelLimiter[],
  calls: number,
  expected: number,
): Promise<number> {
  const full = Promise.withResolvers<void>();
  let inFlight = 0;
  let most = 0;
  const call = async (limiter: ModelLimiter): Promise<void> => {
    const permit = await limiter.admit(callOf(), never);
    most = Math.max(most, (inFlight += 1));
    if (inFlight === expected) full.resolve();
    await full.promise;
    await new Promise(setImmediate);
    inFlight -= 1;
    await permit.end(answered());
  };
  const all = Array.from({ length: calls }, (_, index) => call(limiters[index % limiters.length]!));
  await Promise.all(all);
  return most;
}

/** What a limiter promises, whatever keeps its count. */
export function limiterSuite({ label, create }: StoreSubject): void {
  describe(`limits counted ${label}`, () => {
    test("without limits everything leaves at once", async () => {
      expect(await mostInFlight([limiterOver(create(MINUTE), {})], 20, 20)).toBe(20);
    });

    test("no more calls at a time than allowed, and all get their turn", async () => {
      expect(await mostInFlight([limiterOver(create(MINUTE), { concurrency: 3 })], 30, 3)).toBe(3);
    });

    test("calls leave in the order in which they came", async () => {
      const limiter = limiterOver(create(MINUTE), { concurrency: 1 });
      const order: number[] = [];
      const call = async (index: number): Promise<void> => {
        const permit = await limiter.admit(callOf(), never);
        order.push(index);
        await permit.end(answered());
      };
      await Promise.all([0, 1, 2, 3, 4].map(call));
      expect(order).toEqual([0, 1, 2, 3, 4]);
    });

    test("requests beyond those of the minute wait for the next", async () => {
      const windowMs = 500;
      const limiter = limiterOver(create(windowMs), { requests_per_minute: 3 });
      const started = performance.now();
      const leaving = Array.from({ length: 8 }, async () => {
        await (await limiter.admit(callOf(), never)).end(answered());
        return Math.floor((performance.now() - started) / windowMs);
      });
      const windows = await Promise.all(leaving);
      expect(windows.filter((window) => window === 0)).toHaveLength(3);
      expect(windows.filter((window) => window === 1)).toHaveLength(3);
      expect(windows.filter((window) => window === 2)).toHaveLength(2);
    });

    test("a wait that is too long is refused with the time to come back", async () => {
      const limiter = limiterOver(create(MINUTE), { requests_per_minute: 1 });
      await limiter.admit(callOf(), never);
      const error: unknown = await limiter.admit(callOf(), never).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: "ModelError", code: "rate_limited" });
      const { retryAfterMs } = error as { retryAfterMs: number };
      expect(retryAfterMs).toBeGreaterThan(MINUTE - 5_000);
      expect(retryAfterMs).toBeLessThanOrEqual(MINUTE);
    });

    test("an estimate beyond the limit has a minute for itself", async () => {
      const limiter = limiterOver(create(400), { tokens_per_minute: 100 });
      await (await limiter.admit(callOf(1), never)).end(answered(1));
      const started = performance.now();
      const large = await limiter.admit(callOf(1_000_000), never);
      expect(performance.now() - started).toBeGreaterThan(300);
      await large.end(answered());
      await limiter.admit(callOf(1), never);
      expect(performance.now() - started).toBeGreaterThan(700);
    });

    test("tokens that were not used let the next call leave", async () => {
      const limiter = limiterOver(create(MINUTE), { tokens_per_minute: 100 });
      const first = await limiter.admit(callOf(80), never);
      const second = limiter.admit(callOf(50), never);
      await first.end(answered(20));
      await expect(second).resolves.toBeDefined();
    });

    test("tokens that were used beyond the estimate count", async () => {
      const store = create(MINUTE);
      const claim = { provider: "p", limits: limitsOf({ tokens_per_minute: 100 }), tokens: 10 };
      const { grant } = await store.claim(claim);
      await store.settle(grant!, 95);
      expect((await store.claim(claim)).refusal).toMatchObject({ reason: "tokens" });
      expect((await store.claim({ ...claim, tokens: 5 })).refusal).toBeNull();
    });

    test("what is refused takes nothing, and what is undone is given back", async () => {
      const store = create(MINUTE);
      const limits = limitsOf({ requests_per_minute: 2, tokens_per_minute: 100, concurrency: 1 });
      const claim = { provider: "p", limits, tokens: 60 };
      const { grant } = await store.claim(claim);
      expect((await store.claim(claim)).refusal).toMatchObject({ reason: expect.stringMatching(/conc|tok/) });
      await store.settle(grant!, null);
      expect((await store.claim(claim)).refusal).toMatchObject({ reason: "tokens" });
      const again = await store.claim({ ...claim, tokens: 40 });
      expect(again.refusal).toBeNull();
      await store.undo(again.grant!);
      expect((await store.claim({ ...claim, tokens: 40 })).refusal).toBeNull();
    });

    test("what is left of a minute is not carried into the next", async () => {
      const store = create(300);
      const claim = { provider: "p", limits: limitsOf({ tokens_per_minute: 100 }), tokens: 100 };
      const { grant } = await store.claim(claim);
      const next = await untilGranted(store, claim);
      await store.settle(grant!, 0);
      expect((await store.claim({ ...claim, tokens: 1 })).refusal).toMatchObject({ reason: "tokens" });
      await store.settle(next, null);
    });

    test("a provider that asked to wait is left alone for that time", async () => {
      const limiter = limiterOver(create(MINUTE), {});
      const permit = await limiter.admit(callOf(), never);
      await permit.end({ code: "rate_limited", retry_after_ms: 300, tokens: 0 });
      const started = performance.now();
      await limiter.admit(callOf(), never);
      expect(performance.now() - started).toBeGreaterThan(280);
    });

    test("one that asks for ten minutes is asked again after one, and a shorter wish shortens nothing", async () => {
      const limiter = limiterOver(create(MINUTE), {});
      const end = (retry_after_ms: number) => ({ code: "rate_limited", retry_after_ms, tokens: 0 }) as const;
      const [long, short] = await Promise.all([
        limiter.admit(callOf(), never),
        limiter.admit(callOf(), never),
      ]);
      await long.end(end(600_000));
      await short.end(end(1));
      const refusal = await limiter.admit(callOf(), never).catch((error: unknown) => error);
      expect(refusal).toMatchObject({
        code: "rate_limited",
        message: expect.stringContaining("asked to wait"),
      });
      const { retryAfterMs } = refusal as { retryAfterMs: number };
      expect(retryAfterMs).toBeGreaterThan(55_000);
      expect(retryAfterMs).toBeLessThanOrEqual(60_000);
    });

    test("an abort frees the place in the queue and whatever was taken", async () => {
      const limiter = limiterOver(create(MINUTE), { concurrency: 1 });
      const first = await limiter.admit(callOf(), never);
      const reasons = [new Error("first"), new Error("second")] as const;
      const controllers = reasons.map(() => new AbortController());
      const waiting = controllers.map(({ signal }) => limiter.admit(callOf(), signal));
      const last = limiter.admit(callOf(), never);
      controllers[0]!.abort(reasons[0]);
      await expect(waiting[0]).rejects.toBe(reasons[0]);
      const ended = first.end(answered());
      controllers[1]!.abort(reasons[1]); // while its claim may be under way
      await expect(waiting[1]).rejects.toBe(reasons[1]);
      await ended;
      await (await last).end(answered());
      expect(await mostInFlight([limiter], 3, 1)).toBe(1);
    });

    test("an end counts once", async () => {
      const store = create(MINUTE);
      const limits = limitsOf({ tokens_per_minute: 100 });
      const first = await limiterOver(store, limits).admit(callOf(100), never);
      await Promise.all([first.end(answered(50)), first.end(answered(50))]);
      const { refusal } = await store.claim({ provider: "p", limits, tokens: 51 });
      expect(refusal).toMatchObject({ reason: "tokens" });
    });
  });
}

async function untilGranted(store: LimitStore, claim: Parameters<LimitStore["claim"]>[0]) {
  for (;;) {
    const { grant, refusal } = await store.claim(claim);
    if (grant !== null) return grant;
    await new Promise((resolve) => setTimeout(resolve, Math.ceil(refusal.waitMs ?? 1)));
  }
}
