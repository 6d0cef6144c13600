import type { WebhookEndpoint } from "../config/webhooks.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { ClaimedMessage, MessageResult, Outbox } from "../ports/outbox.ts";
import { type AttemptParts, attemptMessage } from "./attempt-message.ts";

export type OutboxSenderParts = Omit<AttemptParts, "signal"> & {
  readonly outbox: Outbox;
  readonly endpoints: readonly WebhookEndpoint[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called with `outbox.sent` when an attempt is over and nothing of it is written yet. */
  readonly failpoint?: (name: "outbox.sent") => void;
};

const LEASE_MS = 60_000;
/** No attempt begins with less left of its lease: one takes 15 s at most. */
const SHORTEST_LEASE_MS = 25_000;
const MOST_CLAIMED = 20;
const MOST_IN_FLIGHT = 8;
const MOST_IN_FLIGHT_EACH = 4;
const LOOK_EVERY_MS = 5_000;
const DRAIN_MS = 2_000;

/**
 * Sends what waits in the outbox, at once when this process has written it, else within seconds. Each message goes out at
 * least once: what it had in hand when it died is due again when the lease is over.
 */
export class OutboxSender {
  readonly #parts: OutboxSenderParts;
  readonly #endpoints: ReadonlyMap<string, WebhookEndpoint>;
  readonly #resting: readonly string[];
  /** Claimed, and not begun. */
  #held: ClaimedMessage[] = [];
  readonly #inFlight = new Map<Promise<void>, string>();
  /** Endpoints whose last attempt has to be repeated: one at a time leaves room for the others. */
  readonly #troubled = new Set<string>();
  readonly #ending = new AbortController();
  #state: "new" | "running" | "stopped" = "new";
  #looking: Promise<void> | null = null;
  #again = false;
  /** Whether more may be due than was claimed. */
  #more = false;
  #cancelTimer = (): void => undefined;

  constructor(parts: OutboxSenderParts) {
    this.#parts = parts;
    this.#endpoints = new Map(parts.endpoints.map((endpoint) => [endpoint.name, endpoint]));
    this.#resting = parts.endpoints.filter(({ enabled }) => !enabled).map(({ name }) => name);
  }

  /** Without an endpoint it looks for what waits under names that are gone, until nothing does. */
  start(): void {
    if (this.#state !== "new") return;
    this.#state = "running";
    this.wake();
    if (this.#sends()) this.#lookAgainLater();
  }

  /** Something may be due. */
  wake(): void {
    if (this.#state !== "running") return;
    if (this.#looking !== null) {
      this.#again = true;
      return;
    }
    this.#looking = this.#look().finally(() => {
      this.#looking = null;
      if (this.#again) this.wake();
    });
  }

  /** Gives attempts in flight a moment to end; whatever is left is due again at once, for any node. */
  async stop(): Promise<void> {
    this.#state = "stopped";
    this.#cancelTimer();
    await this.#looking;
    const held = this.#held.splice(0);
    const cancel = this.#parts.clock.after(DRAIN_MS, () => this.#ending.abort());
    await Promise.all([...this.#inFlight.keys(), ...held.map((message) => this.#giveBack(message))]);
    cancel();
  }

  #lookAgainLater(): void {
    this.#cancelTimer = this.#parts.clock.after(LOOK_EVERY_MS, () => {
      this.wake();
      this.#lookAgainLater();
    });
  }

  #sends(): boolean {
    return this.#endpoints.size > this.#resting.length;
  }

  /** Of several moments the last one counts: by then all of them are due. */
  #lookAgainAt(at: number): void {
    if (this.#state !== "running") return;
    this.#cancelTimer();
    this.#cancelTimer = this.#parts.clock.after(Math.max(0, at - this.#now()), () => this.wake());
  }

  async #look(): Promise<void> {
    this.#again = false;
    try {
      while (this.#state === "running" && (await this.#claim()) > 0) this.#begin();
    } catch (error) {
      this.#parts.logger.warn({ error }, "messages to webhooks can't be read; trying again");
    }
  }

  /** Of an endpoint that has something waiting here nothing more is taken, so that no endpoint crowds out another. */
  async #claim(): Promise<number> {
    this.#more = true;
    if (this.#inFlight.size >= MOST_IN_FLIGHT) return 0;
    const busy = [...this.#endpoints.keys()].filter((name) => this.#isBusy(name));
    const claimed = await this.#parts.outbox.claim({
      now: this.#now(),
      lease_ms: LEASE_MS,
      limit: MOST_CLAIMED,
      except: [...new Set([...this.#resting, ...busy])],
    });
    this.#held.push(...claimed);
    this.#more = busy.length > 0 || claimed.length === MOST_CLAIMED;
    return claimed.length;
  }

  #isBusy(endpoint: string): boolean {
    return !this.#hasRoom(endpoint) || this.#held.some((message) => message.endpoint === endpoint);
  }

  #hasRoom(endpoint: string): boolean {
    const inFlight = [...this.#inFlight.values()].filter((name) => name === endpoint).length;
    return inFlight < (this.#troubled.has(endpoint) ? 1 : MOST_IN_FLIGHT_EACH);
  }

  /** Begins what there is room for. What has waited here for too long is left to its lease. */
  #begin(): void {
    if (this.#state !== "running") return;
    this.#held = this.#held.filter((message) => {
      if (message.due_at - this.#now() < SHORTEST_LEASE_MS) return false;
      if (this.#inFlight.size >= MOST_IN_FLIGHT || !this.#hasRoom(message.endpoint)) return true;
      const flight = this.#send(message).finally(() => {
        this.#inFlight.delete(flight);
        this.#begin();
        if (this.#more) this.wake();
      });
      this.#inFlight.set(flight, message.endpoint);
      return false;
    });
  }

  async #send(message: ClaimedMessage): Promise<void> {
    const { outbox, logger } = this.#parts;
    const { id, endpoint, type } = message;
    try {
      const { signal } = this.#ending;
      const known = this.#endpoints.get(endpoint);
      const { result, endpoint_well } = await attemptMessage(message, known, { ...this.#parts, signal });
      this.#parts.failpoint?.("outbox.sent");
      if (endpoint_well === true) this.#troubled.delete(endpoint);
      if (endpoint_well === false) this.#troubled.add(endpoint);
      await outbox.settle(message, result);
      if (!this.#sends() && result.status === "pending") this.#lookAgainAt(result.due_at);
      this.#tell(message, result);
    } catch (error) {
      if (this.#ending.signal.aborted) return this.#giveBack(message);
      logger.warn({ error, id, endpoint, type }, "what came of a message is not written; it is sent again");
    }
  }

  #tell({ id, endpoint, type }: ClaimedMessage, { status, attempts, last_result }: MessageResult): void {
    const { logger } = this.#parts;
    const fields = { id, endpoint, type, attempts };
    if (status === "delivered") return logger.debug(fields, "a message was delivered");
    const level = status === "dead" ? "warn" : "info";
    const outcome = status === "dead" ? "a message was given up on" : "a message is to be sent again";
    logger[level]({ ...fields, reason: last_result }, outcome);
  }

  async #giveBack(message: ClaimedMessage): Promise<void> {
    const { attempts, last_result } = message;
    const untouched = { status: "pending", attempts, last_result, delivered_at: null } as const;
    try {
      await this.#parts.outbox.settle(message, { ...untouched, due_at: this.#now() });
    } catch (error) {
      this.#parts.logger.warn({ error, id: message.id }, "a message waits for the end of its lease");
    }
  }

  #now(): number {
    return this.#parts.clock.now().getTime();
  }
}
