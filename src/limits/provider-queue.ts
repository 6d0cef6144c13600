import { ModelError } from "../ports/chat-model.ts";
import type { Clock } from "../ports/clock.ts";
import {
  LONGEST_CLOSED_MS,
  type Grant,
  type LimitStore,
  type ProviderLimits,
  type Refusal,
} from "../ports/limit-store.ts";
import type { Logger } from "../ports/logger.ts";
import type { ModelCallEnd, ModelPermit } from "../ports/model-limiter.ts";
import { ProviderBreaker } from "./provider-breaker.ts";

export type QueueParts = {
  readonly provider: string;
  readonly limits: ProviderLimits;
  readonly store: LimitStore;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
};

/** Longest time that a call waits here, holding its step; a longer wait is better spent without holding anything. */
export const PATIENCE_MS = 30_000;
const NEXT_LOOK_MS = 50;
const FIRST_RETURN_MS = 1_000;
const RETURN_SPREAD_MS = 5_000;

type Waiting = {
  readonly tokens: number;
  readonly arrived: number;
  readonly admitted: (permit: ModelPermit) => void;
  readonly refuse: (error: unknown) => void;
  refusal: Refusal | null;
};

/** The calls of this node that wait for one provider. The first of them alone asks the store, so nobody is overtaken. */
export class ProviderQueue {
  readonly #parts: QueueParts;
  readonly #breaker: ProviderBreaker;
  readonly #waiting: Waiting[] = [];
  #serving = false;
  /** Counts what may let the first go on, so that nothing is missed between its question and its pause. */
  #changes = 0;
  #resume: () => void = () => undefined;

  constructor(parts: QueueParts) {
    this.#parts = parts;
    this.#breaker = new ProviderBreaker(parts.provider, parts.logger);
  }

  async admit(estimate: number, signal: AbortSignal): Promise<ModelPermit> {
    signal.throwIfAborted();
    this.#breaker.refuseIfOpen();
    const { clock, limits } = this.#parts;
    const turn = Promise.withResolvers<ModelPermit>();
    const waiting: Waiting = {
      tokens: Math.min(Math.ceil(estimate), limits.tokens_per_minute ?? 0),
      arrived: clock.now().getTime(),
      admitted: turn.resolve,
      refuse: turn.reject,
      refusal: null,
    };
    const leave = (error: unknown): void => {
      if (this.#remove(waiting)) turn.reject(error);
    };
    const aborted = (): void => leave(signal.reason);
    signal.addEventListener("abort", aborted, { once: true });
    const impatient = clock.after(PATIENCE_MS, () => leave(this.#later(waiting.refusal)));
    this.#waiting.push(waiting);
    if (!this.#serving) void this.#serve();
    try {
      return await turn.promise;
    } finally {
      signal.removeEventListener("abort", aborted);
      impatient();
    }
  }

  /** Runs while anybody waits. Never rejects: what goes wrong is told to those who wait. */
  async #serve(): Promise<void> {
    this.#serving = true;
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      try {
        await this.#serveOne(first);
      } catch (error) {
        // Without a count nothing may leave, and the others would only find out one after the other.
        const refused = error instanceof ModelError ? [first] : [...this.#waiting];
        for (const one of refused) if (this.#remove(one)) one.refuse(error);
      }
    }
    this.#serving = false;
  }

  async #serveOne(first: Waiting): Promise<void> {
    const { store, provider, limits } = this.#parts;
    this.#breaker.refuseIfOpen();
    const changes = this.#changes;
    const { grant, refusal } = await store.claim({ provider, limits, tokens: first.tokens });
    if (grant !== null) return this.#admitOne(first, grant);
    first.refusal = refusal;
    if (this.#waiting[0] !== first) return;
    if (this.#isTooLong(refusal, first)) throw this.#later(refusal);
    if (this.#changes === changes) await this.#pause(refusal);
  }

  async #admitOne(first: Waiting, grant: Grant): Promise<void> {
    const undo = (): Promise<void> => this.#report(() => this.#parts.store.undo(grant));
    if (!this.#waiting.includes(first)) return undo();
    try {
      const hear = this.#breaker.begin();
      first.admitted(this.#permit(grant, hear));
    } catch (error) {
      await undo();
      throw error;
    }
    this.#remove(first);
  }

  #permit(grant: Grant, hear: ReturnType<ProviderBreaker["begin"]>): ModelPermit {
    const { store, provider } = this.#parts;
    const finish = async (end: ModelCallEnd): Promise<void> => {
      await hear(end.code);
      const { code, retry_after_ms: wait } = end;
      if (code === "rate_limited" && wait !== null && wait > 0) {
        await this.#report(() => store.close(provider, Math.min(wait, LONGEST_CLOSED_MS)));
      }
      await this.#report(() => store.settle(grant, end.tokens));
      if (!store.shared || this.#breaker.isOpen) this.#wake();
    };
    let finished: Promise<void> | null = null;
    return { end: (end) => (finished ??= finish(end)) };
  }

  /** The answer of a paid call must not get lost because its place could not be given back: the lease of it ends. */
  async #report(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#parts.logger.warn(
        { provider: this.#parts.provider, reason },
        "the end of a model call was not counted",
      );
    }
  }

  /** Requests do not come back before their minute is over; tokens and places may, with every call that ends. */
  #isTooLong({ reason, waitMs }: Refusal, { arrived }: Waiting): boolean {
    if (waitMs === null || reason === "tokens") return false;
    return this.#parts.clock.now().getTime() + waitMs > arrived + PATIENCE_MS;
  }

  async #pause({ reason, waitMs }: Refusal): Promise<void> {
    const { store, clock, random } = this.#parts;
    const moves = reason === "tokens" || reason === "concurrency";
    const nextLook = store.shared && moves ? NEXT_LOOK_MS * (1 + 2 * random()) : Number.POSITIVE_INFINITY;
    const ms = Math.min(waitMs ?? Number.POSITIVE_INFINITY, nextLook);
    const woken = Promise.withResolvers<void>();
    this.#resume = woken.resolve;
    const cancel = Number.isFinite(ms) ? clock.after(Math.ceil(ms), woken.resolve) : null;
    await woken.promise;
    cancel?.();
  }

  /** Those who are sent away together are asked to come back one after the other. */
  #later(refusal: Refusal | null): ModelError {
    const { provider, random } = this.#parts;
    const waitMs = refusal?.waitMs ?? FIRST_RETURN_MS;
    const retryAfterMs = Math.ceil(waitMs + random() * RETURN_SPREAD_MS);
    const why = refusal === null ? "others wait before it" : REASONS[refusal.reason];
    const message = `No call to ${provider} can leave now: ${why}. It is tried again in ${Math.ceil(retryAfterMs / 1000)} s.`;
    return new ModelError("rate_limited", message, { retryAfterMs });
  }

  #wake(): void {
    this.#changes += 1;
    this.#resume();
  }

  #remove(waiting: Waiting): boolean {
    const place = this.#waiting.indexOf(waiting);
    if (place < 0) return false;
    this.#waiting.splice(place, 1);
    if (place === 0) this.#wake();
    return true;
  }
}

const REASONS: Readonly<Record<Refusal["reason"], string>> = {
  closed: "the provider asked to wait",
  requests: "its requests of this minute are used up (limits.requests_per_minute)",
  tokens: "its tokens of this minute are used up (limits.tokens_per_minute)",
  concurrency: "as many calls as allowed are in flight (limits.concurrency)",
};
