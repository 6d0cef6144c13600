import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { ManualClock } from "../engine/testing/manual-clock.testsuite.ts";
import type { LimitStore, ProviderLimits } from "../ports/limit-store.ts";
import type { ModelCallEnd, ModelLimiter } from "../ports/model-limiter.ts";
import { StorageError } from "../ports/storage.ts";
import { recordingLogger } from "../storage/testsuite/store-under-test.testsuite.ts";
import { answered, callOf, limiterSuite, limitsOf, never } from "./limiter.testsuite.ts";
import { createMemoryLimitStore } from "./memory-limit-store.ts";
import { createModelLimiter } from "./model-limiter.ts";
import { PATIENCE_MS } from "./provider-queue.ts";

limiterSuite({ label: "in memory", create: (windowMs) => createMemoryLimitStore({ windowMs }) });

const logger = recordingLogger();
let clock: ManualClock;

/** The breaker's package reads the time itself. */
function standStill(): void {
  beforeEach(() => {
    clock = new ManualClock();
    vi.useFakeTimers({ toFake: ["Date"], now: clock.now() });
    return () => vi.useRealTimers();
  });
  afterEach(() => expect(clock.waits, "every wait is ended").toEqual([]));
}

function limiter(
  limits: Partial<ProviderLimits>,
  store: LimitStore = createMemoryLimitStore(),
): ModelLimiter {
  return createModelLimiter({
    limits: new Map([["p", limitsOf(limits)]]),
    store,
    clock,
    random: () => 0.5,
    logger,
  });
}

function advance(ms: number): void {
  clock.advance(ms);
  vi.setSystemTime(clock.now());
}

const failure = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => "admitted",
    (error: unknown) => error,
  );

describe("a call that waits", () => {
  standStill();

  test("is refused when its patience ends, and those behind it have their own", async () => {
    const calls = limiter({ concurrency: 1 });
    const held = await calls.admit(callOf(), never);
    const first = failure(calls.admit(callOf(), never));
    await new Promise(setImmediate);
    advance(10_000);
    const second = calls.admit(callOf(), never);
    await clock.armed(PATIENCE_MS);
    advance(PATIENCE_MS - 10_000);
    expect(await first).toMatchObject({
      code: "rate_limited",
      retryAfterMs: 3_500,
      message:
        "No call to p can leave now: as many calls as allowed are in flight (limits.concurrency). It is tried again in 4 s.",
    });
    await held.end(answered());
    await (await second).end(answered());
  });

  test("is refused with the storage's own error when the count can't be reached, and the next is not", async () => {
    const error = new StorageError("storage_unreachable", "gone");
    const inner = createMemoryLimitStore();
    let reachable = false;
    let asked = 0;
    const store: LimitStore = {
      ...inner,
      claim: (claim) => {
        asked += 1;
        return reachable ? inner.claim(claim) : Promise.reject(error);
      },
      settle: (grant, tokens) => (reachable ? inner.settle(grant, tokens) : Promise.reject(error)),
    };
    const calls = limiter({}, store);
    const both = [calls.admit(callOf(), never), calls.admit(callOf(), never)];
    for (const call of both) await expect(call).rejects.toBe(error);
    expect(asked).toBe(1);
    reachable = true;
    const permit = await calls.admit(callOf(), never);
    reachable = false;
    await permit.end(answered()); // the answer that it brings must not get lost
    expect(logger.lines).toContainEqual(
      expect.objectContaining({ message: "the end of a model call was not counted" }),
    );
  });
});

describe("a question that takes its time", () => {
  standStill();
  const slow = (before: () => Promise<void>, after: () => Promise<void>): LimitStore => {
    const inner = createMemoryLimitStore();
    return {
      ...inner,
      claim: async (claim) => {
        await before();
        const result = await inner.claim(claim);
        await after();
        return result;
      },
    };
  };
  const atOnce = (): Promise<void> => Promise.resolve();

  test("gives back what comes for a call that has left", async () => {
    const gate = Promise.withResolvers<void>();
    const calls = limiter(
      { concurrency: 1 },
      slow(() => gate.promise, atOnce),
    );
    const controller = new AbortController();
    const left = failure(calls.admit(callOf(), controller.signal));
    const reason = new Error("cancelled");
    controller.abort(reason);
    expect(await left).toBe(reason);
    gate.resolve();
    await expect(calls.admit(callOf(), never)).resolves.toBeDefined();
  });

  test("misses no call that ends meanwhile", async () => {
    let onRefusal = atOnce;
    const calls = limiter(
      { concurrency: 1 },
      slow(atOnce, () => onRefusal()),
    );
    const held = await calls.admit(callOf(), never);
    onRefusal = () => held.end(answered());
    await expect(calls.admit(callOf(), never)).resolves.toBeDefined();
  });
});

describe("the breaker of a provider", () => {
  standStill();

  const end = (code: ModelCallEnd["code"]): ModelCallEnd => ({ code, retry_after_ms: null, tokens: 0 });
  const callsThatEnd = async (calls: ModelLimiter, codes: readonly ModelCallEnd["code"][]): Promise<void> => {
    for (const code of codes) await (await calls.admit(callOf(), never)).end(end(code));
  };
  const five = (code: ModelCallEnd["code"]): ModelCallEnd["code"][] => Array.from({ length: 5 }, () => code);

  test.each(["overloaded", "network", "timeout"] as const)(
    "opens after five times %s in a row",
    async (code) => {
      const calls = limiter({});
      await callsThatEnd(calls, five(code));
      const refusal = { code: "overloaded", retryAfterMs: 5_000 };
      const message = "p has failed 5 times in a row; it is tried again in 5 s";
      await expect(calls.admit(callOf(), never)).rejects.toMatchObject({ ...refusal, message });
      expect(logger.lines).toContainEqual({
        level: "warn",
        fields: { provider: "p", failures: 5, try_again_ms: 5_000 },
        message: "a provider is not asked for a while: it keeps failing",
      });
      const other = await calls.admit({ ...callOf(), provider: "q" }, never);
      await other.end(answered());
    },
  );

  test.each([
    "invalid_output",
    "refusal",
    "credit",
    "auth",
    "context_overflow",
    "truncated",
    "unknown_model",
    "rate_limited",
    "internal",
    "aborted",
    null,
  ] as const)("does not open for %s", async (code) => {
    const calls = limiter({});
    await callsThatEnd(calls, [...five(code), ...five(code)]);
    await expect(calls.admit(callOf(), never)).resolves.toBeDefined();
  });

  test("counts in a row: an answer in between begins anew, an aborted call does not", async () => {
    const calls = limiter({});
    await callsThatEnd(calls, ["network", "timeout", "network", "timeout", null, "network", "aborted"]);
    await callsThatEnd(calls, ["network", "aborted", "network", "network"]);
    await callsThatEnd(calls, ["network"]);
    expect(await failure(calls.admit(callOf(), never))).toMatchObject({ code: "overloaded" });
  });

  test("lets one call find out, waits twice as long each time, a minute at most, and closes on an answer", async () => {
    const calls = limiter({});
    await callsThatEnd(calls, five("network"));
    for (const ms of [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]) {
      advance(ms - 1);
      expect(await failure(calls.admit(callOf(), never))).toMatchObject({
        code: "overloaded",
        retryAfterMs: 1,
      });
      advance(1);
      const probe = await calls.admit(callOf(), never);
      expect(await failure(calls.admit(callOf(), never))).toMatchObject({ retryAfterMs: 5_000 });
      await probe.end(end("network"));
    }
    advance(60_000);
    await callsThatEnd(calls, [null, null, ...five("timeout")]);
    expect(await failure(calls.admit(callOf(), never))).toMatchObject({ retryAfterMs: 5_000 });
  });

  test("sends those away who wait while it opens", async () => {
    const calls = limiter({ concurrency: 5 });
    const held = await Promise.all(five("network").map(() => calls.admit(callOf(), never)));
    const waiting = Array.from({ length: 6 }, () => failure(calls.admit(callOf(), never)));
    for (const permit of held) await permit.end(end("network"));
    const answers = await Promise.all(waiting);
    expect(answers.filter((answer) => answer !== "admitted")).toMatchObject([
      { code: "overloaded" },
      { code: "overloaded" },
    ]);
  });

  test("an aborted probe leaves it open", async () => {
    const calls = limiter({});
    await callsThatEnd(calls, five("network"));
    advance(5_000);
    await callsThatEnd(calls, ["aborted"]);
    expect(await failure(calls.admit(callOf(), never))).toMatchObject({ retryAfterMs: 10_000 });
  });
});
