import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { WorkflowEvent } from "../../src/core/workflow/events.ts";
import type { PublishedEvent } from "../../src/engine/engine.ts";
import { EventStreams } from "../../src/server/event-streams.ts";
import { createLogger } from "../../src/telemetry/pino-logger.ts";
import { type Frame, openStream } from "./event-source.ts";

const EVENT_BYTES = 100_000;
const MOST_WAITING_BYTES = 1_048_576;

/** A journal that grows as fast as a test wants; no workflow writes that much. */
class Flood {
  readonly #events: WorkflowEvent[] = [];
  readonly #listeners = new Set<(events: readonly PublishedEvent[]) => void>();
  pages = 0;
  heads = 0;
  beforeHead: (() => void) | null = null;

  subscribe(
    _principal: unknown,
    _id: string,
    listener: (events: readonly PublishedEvent[]) => void,
  ): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  publish(count: number, bytes = EVENT_BYTES): void {
    const events = Array.from({ length: count }, (_, index) => event(this.#events.length + index + 1, bytes));
    this.#events.push(...events);
    const published = events.map((each) => ({ event: each, json: JSON.stringify(each) }));
    for (const listener of this.#listeners) listener(published);
  }

  /** As if the commit had been read before it was published. */
  publishAgain(): void {
    const published = this.#events.map((each) => ({ event: each, json: JSON.stringify(each) }));
    for (const listener of this.#listeners) listener(published);
  }

  readEvents(_id: string, { after, limit }: { after: number; limit: number }): Promise<WorkflowEvent[]> {
    this.pages += 1;
    return Promise.resolve(this.#events.slice(after, after + limit));
  }

  loadHead(): Promise<never> {
    this.heads += 1;
    this.beforeHead?.();
    this.beforeHead = null;
    return Promise.resolve({ closed: false, version: this.#events.length } as never);
  }
}

let flood: Flood;
let server: Server;
let url: string;
const responses: ServerResponse[] = [];

beforeEach(async () => {
  flood = new Flood();
  responses.length = 0;
  const streams = new EventStreams(flood, new AbortController().signal);
  server = createServer((_request, outgoing) => {
    responses.push(outgoing);
    const log = createLogger({ level: "silent", format: "json" });
    const principal = { tenant_id: "default", actor: "local" };
    streams.open({ principal, workflow_id: "wf_1", storage: flood, after: 0, headers: {}, outgoing, log });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

test("a client that does not read delays no other, holds little memory, and loses nothing", async () => {
  const slow = await openStream(url);
  slow.answer.pause();
  const quick = await openStream(url);
  const total = 400;
  const quickly = take(quick.events(), total);
  let most = 0;
  for (let count = 0; count < total; count += 4) {
    flood.publish(4);
    await new Promise((resolve) => setImmediate(resolve));
    most = Math.max(most, responses[0]?.writableLength ?? 0);
  }
  expect(await quickly).toEqual(sequence(total));
  expect(most).toBeGreaterThan(EVENT_BYTES);
  expect(most).toBeLessThan(MOST_WAITING_BYTES + 2 * EVENT_BYTES);
  expect(await take(slow.events(), total)).toEqual(sequence(total));
  slow.close();
  quick.close();
});

test("one commit of many megabytes reaches a client that reads", async () => {
  const stream = await openStream(url);
  const taken = take(stream.events(), 300);
  await vi.waitFor(() => expect(flood.pages).toBe(1));
  flood.publish(300);
  expect(await taken).toEqual(sequence(300));
  stream.close();
});

test("live events are not read from storage again", async () => {
  const streams = await Promise.all(Array.from({ length: 10 }, () => openStream(url)));
  const taken = streams.map((stream) => take(stream.events(), 50));
  await vi.waitFor(() => expect(flood.pages).toBe(10));
  for (let count = 0; count < 50; count += 1) {
    flood.publish(1);
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const ids of await Promise.all(taken)) expect(ids).toEqual(sequence(50));
  expect(flood.pages).toBe(10);
  for (const stream of streams) stream.close();
});

test("an event that was read before it is published is neither sent twice nor read again", async () => {
  flood.publish(3, 1);
  const stream = await openStream(url);
  const taken = take(stream.events(), 5);
  await vi.waitFor(() => expect(flood.heads).toBe(1));
  flood.publishAgain();
  flood.publish(2, 1);
  expect(await taken).toEqual(sequence(5));
  expect(flood.pages).toBe(1);
  stream.close();
});

test("a long journal is read to its end", async () => {
  flood.publish(1_200, 1);
  const stream = await openStream(url);
  expect(await take(stream.events(), 1_200)).toEqual(sequence(1_200));
  stream.close();
});

test("an event that comes just before the stream goes live is not missed", async () => {
  flood.publish(1, 1);
  flood.beforeHead = () => flood.publish(1, 1);
  const stream = await openStream(url);
  expect(await take(stream.events(), 2)).toEqual(sequence(2));
  stream.close();
});

test("a client that takes nothing for three beats is dropped; one that left is forgotten", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  try {
    const slow = await openStream(url);
    slow.answer.pause();
    const gone = await openStream(url);
    gone.close();
    const dropped = new Promise((resolve) => responses[0]?.once("close", resolve));
    flood.publish(200);
    await vi.waitFor(() => expect(responses[0]?.writableNeedDrain).toBe(true));
    for (let beat = 0; beat < 5; beat += 1) {
      vi.advanceTimersByTime(10_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await dropped;
    await vi.waitFor(() => expect(flood.listeners).toBe(0));
    expect(vi.getTimerCount()).toBe(0);
    slow.close();
  } finally {
    vi.useRealTimers();
  }
});

function sequence(length: number): number[] {
  return Array.from({ length }, (_, index) => index + 1);
}

async function take(frames: AsyncGenerator<Frame>, count: number): Promise<(number | null)[]> {
  const ids: (number | null)[] = [];
  for await (const frame of frames) {
    ids.push(frame.id);
    if (ids.length === count) break;
  }
  return ids;
}

function event(seq: number, bytes: number): WorkflowEvent {
  const payload = { attempt: 1, filler: "x".repeat(bytes) };
  const place = { role: null, step_id: null, task_id: null };
  return { seq, type: "step.completed", payload, ...place, actor: "a", version: 1, occurred_at: "" };
}
