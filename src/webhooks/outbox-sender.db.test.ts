import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";

import { freshDatabase } from "../../test/postgres/fresh-database.ts";
import { type Receiver, startReceiver } from "../../test/webhooks/receiver.ts";
import { WebhookEndpoint } from "../config/webhooks.ts";
import { createCheckedHttp } from "../egress/checked-http.ts";
import { ManualClock } from "../engine/testing/manual-clock.testsuite.ts";
import type { Clock } from "../ports/clock.ts";
import type { MessageResult, Outbox } from "../ports/outbox.ts";
import { SecretError, type SecretResolver } from "../ports/secrets.ts";
import type { Storage } from "../ports/storage.ts";
import { openStorage } from "../storage/open-storage.ts";
import { aCommit, aMessage } from "../storage/testsuite/a-commit.ts";
import { recordingLogger } from "../storage/testsuite/store-under-test.testsuite.ts";
import { OutboxSender, type OutboxSenderParts } from "./outbox-sender.ts";

const SECRET = `whsec_${Buffer.alloc(24, 1).toString("base64")}`;
const OTHER_SECRET = `whsec_${Buffer.alloc(24, 2).toString("base64")}`;
const LEASE_MS = 60_000;
const ALL = { limit: 1_000, after: null, statuses: null, workflow_id: null };

let cleanups: (() => unknown)[];
let manual: ManualClock;
let clock: Clock;
beforeEach(() => {
  cleanups = [];
  manual = new ManualClock();
  // Receivers look at the real time.
  const offset = Date.now() - manual.now().getTime();
  clock = {
    now: () => new Date(manual.now().getTime() + offset),
    after: (delay, task) => manual.after(delay, task),
  };
});
afterEach(async () => {
  for (const cleanUp of cleanups.toReversed()) await cleanUp();
});

async function openStore(kind: "sqlite" | "postgres"): Promise<() => Promise<Storage>> {
  const folder = await mkdtemp(join(tmpdir(), "orca-outbox-"));
  const database = kind === "postgres" ? await freshDatabase(inject("postgresUrl")) : null;
  cleanups.push(
    () => rm(folder, { recursive: true }),
    () => database?.drop(),
  );
  return async () => {
    const url = database?.url ?? `sqlite:${join(folder, "orca.db")}`;
    const storage = await openStorage(url, { logger: recordingLogger() });
    cleanups.push(() => storage.close());
    return storage;
  };
}

async function receiver(...answers: readonly string[]): Promise<Receiver> {
  const started = await startReceiver({ secrets: [SECRET], answers });
  cleanups.push(() => started.close());
  return started;
}

function endpoint(name: string, url: string, more: Partial<WebhookEndpoint> = {}): WebhookEndpoint {
  return WebhookEndpoint.parse({ name, url, secret: SECRET, ...more });
}

/** The real outbox, which says when an attempt is written and can be cut off before that. */
class WatchedOutbox implements Outbox {
  readonly inner: Outbox;
  readonly results: MessageResult[] = [];
  claims = 0;
  /** Nothing is heard of it any more after its first claim. */
  severed = false;
  readonly #waiting = new Set<() => void>();

  constructor(inner: Outbox) {
    this.inner = inner;
  }

  async claim(query: Parameters<Outbox["claim"]>[0]): ReturnType<Outbox["claim"]> {
    if (this.severed && this.claims > 0) return new Promise(() => undefined);
    const claimed = await this.inner.claim(query);
    this.claims += 1;
    this.#wake();
    return claimed;
  }

  async settle(...[message, result]: Parameters<Outbox["settle"]>): Promise<void> {
    if (this.severed) return new Promise(() => undefined);
    await this.inner.settle(message, result);
    this.results.push(result);
    this.#wake();
  }

  async until(reached: () => boolean): Promise<void> {
    while (!reached()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      await promise;
    }
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

type Sending = {
  readonly sender: OutboxSender;
  readonly outbox: WatchedOutbox;
  readonly logger: ReturnType<typeof recordingLogger>;
  /** Resolves with the results as soon as there are so many. */
  readonly written: (count: number) => Promise<readonly MessageResult[]>;
  /** Resolves when it has looked so often. */
  readonly looked: (times: number) => Promise<void>;
};

const noSecrets: SecretResolver = {
  resolve: (_tenant, name) => Promise.reject(new SecretError(`There is no secret ${name}.`)),
};

function sending(
  storage: Storage,
  endpoints: readonly WebhookEndpoint[],
  more: Partial<OutboxSenderParts> = {},
): Sending {
  const outbox = new WatchedOutbox(storage.system.outbox);
  const logger = recordingLogger();
  const http = createCheckedHttp({ allowedHosts: endpoints.map(({ url }) => new URL(url).host), logger });
  const sender = new OutboxSender({
    outbox,
    endpoints,
    http: () => Promise.resolve(http),
    secrets: noSecrets,
    clock,
    random: () => 0.5,
    logger,
    ...more,
  });
  cleanups.push(
    () => http.close(),
    () => (outbox.severed ? undefined : sender.stop()),
  );
  sender.start();
  return {
    sender,
    outbox,
    logger,
    written: async (count) => {
      await outbox.until(() => outbox.results.length >= count);
      return outbox.results;
    },
    looked: (times) => outbox.until(() => outbox.claims >= times),
  };
}

function idsOf(received: Receiver["received"]): string[] {
  return received.map(({ id }) => id ?? "none").toSorted();
}

let workflows = 0;
/** Commits a workflow with a message for each of these endpoints. */
async function tell(storage: Storage, endpoints: readonly string[], { tenant_id = "acme" } = {}) {
  const workflow_id = `wf_${(workflows += 1)}`;
  const created_at = clock.now().toISOString();
  const messages = endpoints.map((name, index) => {
    const id = `msg_${workflow_id}_${index + 1}_${name}`;
    return aMessage({ id, workflow_id, endpoint: name, created_at });
  });
  const commit = aCommit({ tenant_id, workflow_id, messages });
  expect(await storage.forTenant(tenant_id).commit(commit)).toEqual({ ok: true });
  return messages.map(({ id }) => id);
}

function messagesOf(storage: Storage) {
  return storage.forTenant("acme").listMessages(ALL);
}

describe.each(["sqlite", "postgres"] as const)("on %s", (kind) => {
  test("a message goes out at once when this process has written it, and is verified", async () => {
    const storage = await (await openStore(kind))();
    const { url, received } = await receiver();
    const { sender, written, looked } = sending(storage, [endpoint("hooks", url)]);
    await looked(1);
    const [id] = await tell(storage, ["hooks"]);
    sender.wake();
    await written(1);
    expect(received).toMatchObject([{ id, problem: null, type: "workflow.completed" }]);
    expect(await messagesOf(storage)).toMatchObject([
      { status: "delivered", attempts: 1, delivered_at: expect.any(String) as unknown },
    ]);
  });

  test("a process that dies between sending and writing it down sends it again under the same id", async () => {
    const open = await openStore(kind);
    const peer = await receiver();
    const { url, received } = peer;
    const storage = await open();
    const [id] = await tell(storage, ["hooks"]);
    const dying = sending(storage, [endpoint("hooks", url)]);
    dying.outbox.severed = true;
    await peer.until(1);
    const next = sending(storage, [endpoint("hooks", url)]);
    await next.looked(1);
    expect(await messagesOf(storage)).toMatchObject([{ status: "pending", attempts: 0 }]);
    manual.advance(LEASE_MS);
    await next.written(1);
    expect(received).toMatchObject([
      { id, problem: null },
      { id, problem: null },
    ]);
    expect(received[1]!.body).toBe(received[0]!.body);
  });
});

test("two senders on PostgreSQL never hold the same message", async () => {
  const open = await openStore("postgres");
  const peer = await receiver();
  const stores = [await open(), await open()];
  const ids = (await Promise.all(Array.from({ length: 60 }, () => tell(stores[0]!, ["hooks"])))).flat();
  const senders = stores.map((storage) => sending(storage, [endpoint("hooks", peer.url)]));
  await peer.until(ids.length);
  for (const { sender } of senders) await sender.stop();
  expect(idsOf(peer.received)).toEqual(ids.toSorted());
  expect((await messagesOf(stores[0]!)).every(({ status }) => status === "delivered")).toBe(true);
});

describe("a message", () => {
  let storage: Storage;
  beforeEach(async () => {
    storage = await (await openStore("sqlite"))();
  });

  test("is sent again after ever longer, under the same id, until it is taken", async () => {
    const { url, received } = await receiver("500", "cut", "200");
    const [id] = await tell(storage, ["hooks"]);
    const { written } = sending(storage, [endpoint("hooks", url)]);
    const [first] = await written(1);
    expect(first).toMatchObject({
      status: "pending",
      attempts: 1,
      last_result: expect.stringContaining("500") as unknown,
    });
    manual.advance(5_000);
    await written(2);
    manual.advance(25_000);
    expect(received).toHaveLength(2);
    manual.advance(5_000);
    const results = await written(3);
    expect(results[2]).toMatchObject({ status: "delivered", attempts: 3 });
    expect(received.map((one) => one.id)).toEqual([id, id, id]);
    expect(received.every(({ problem }) => problem === null)).toBe(true);
  });

  test("waits for as long as the receiver asks", async () => {
    const { url } = await receiver("503:90");
    await tell(storage, ["hooks"]);
    const { written } = sending(storage, [endpoint("hooks", url)]);
    const [result] = await written(1);
    expect(result!.due_at).toBe(clock.now().getTime() + 90_000);
  });

  test("that nobody answers is tried again", async () => {
    const { url } = await receiver("never");
    await tell(storage, ["hooks"]);
    const { written } = sending(storage, [endpoint("hooks", url)], { timeout_ms: 50 });
    expect(await written(1)).toMatchObject([{ status: "pending", attempts: 1 }]);
    manual.advance(5_000);
    expect(await written(2)).toMatchObject([{}, { status: "delivered", attempts: 2 }]);
  });

  test("is given up on after the last attempt, says why, and is sent again when a person asks", async () => {
    const { url, received } = await receiver("500");
    const [id] = await tell(storage, ["hooks"]);
    const [held] = await storage.system.outbox.claim({
      now: clock.now().getTime(),
      lease_ms: 1,
      limit: 1,
      except: [],
    });
    const late = {
      status: "pending",
      attempts: 9,
      due_at: 0,
      last_result: null,
      delivered_at: null,
    } as const;
    await storage.system.outbox.settle(held!, late);
    const { written, logger, sender } = sending(storage, [endpoint("hooks", url)]);
    await written(1);
    expect(await messagesOf(storage)).toMatchObject([
      {
        status: "dead",
        attempts: 10,
        last_result: expect.stringMatching(/500.*last of 10 attempts/) as unknown,
      },
    ]);
    await logger.heard("given up on");
    await storage.forTenant("acme").redeliverMessage(id!, clock.now().getTime());
    sender.wake();
    expect(await written(2)).toMatchObject([{}, { status: "delivered", attempts: 1 }]);
    expect(received.map((one) => one.id)).toEqual([id, id]);
  });

  test.each([["410"], ["400"], ["302:http://127.0.0.1:1/"]])(
    "that is answered %s is not sent again",
    async (answer) => {
      const { url } = await receiver(answer);
      await tell(storage, ["hooks"]);
      const { written } = sending(storage, [endpoint("hooks", url)]);
      const [result] = await written(1);
      expect(result).toMatchObject({ status: "dead", attempts: 1 });
      expect(result!.last_result).toContain(answer.slice(0, 3));
    },
  );

  test("for a name that the configuration has no more waits for other nodes, then says so", async () => {
    await tell(storage, ["gone"]);
    const { written, looked } = sending(storage, [endpoint("hooks", "http://127.0.0.1:1/")]);
    const [first] = await written(1);
    expect(first).toMatchObject({ status: "pending", attempts: 0 });
    manual.advance(LEASE_MS);
    await written(2);
    manual.advance(9 * LEASE_MS);
    await looked(3);
    const results = await written(3);
    expect(results.at(-1)).toMatchObject({
      status: "dead",
      last_result:
        "The configuration has no endpoint gone; name it under webhooks and send the message again.",
    });
  });

  test("of a tenant that an endpoint is told nothing of any more stays here", async () => {
    const { url, received } = await receiver();
    await tell(storage, ["hooks"]);
    const { written } = sending(storage, [endpoint("hooks", url, { tenants: ["other"] })]);
    expect(await written(1)).toMatchObject([{ status: "dead", attempts: 0 }]);
    expect(received).toEqual([]);
  });

  test("waits while its endpoint is switched off", async () => {
    const { url, received } = await receiver();
    const [, id] = await tell(storage, ["off", "on"]);
    const { written } = sending(storage, [endpoint("off", url, { enabled: false }), endpoint("on", url)]);
    await written(1);
    expect(received.map((one) => one.id)).toEqual([id]);
    expect((await messagesOf(storage)).map(({ status }) => status).toSorted()).toEqual([
      "delivered",
      "pending",
    ]);
  });

  test("is signed with the secret of its tenant, and waits where there is none", async () => {
    const { url, received } = await receiver();
    await tell(storage, ["hooks"]);
    const known = new Map<string, string>();
    const resolve: SecretResolver["resolve"] = (tenant, name) =>
      known.has(`${tenant} ${name}`)
        ? Promise.resolve(known.get(`${tenant} ${name}`)!)
        : noSecrets.resolve(tenant, name);
    const named = { secret: "secret://NEW", previous_secret: "secret://OLD" };
    const { written } = sending(storage, [endpoint("hooks", url, named)], { secrets: { resolve } });
    expect(await written(1)).toMatchObject([{ status: "pending", last_result: "There is no secret NEW." }]);
    known.set("acme NEW", OTHER_SECRET).set("acme OLD", SECRET);
    manual.advance(5_000);
    expect(await written(2)).toMatchObject([{}, { status: "delivered" }]);
    expect(received).toMatchObject([{ problem: null }]);
  });
});

describe("the sender", () => {
  let storage: Storage;
  beforeEach(async () => {
    storage = await (await openStore("sqlite"))();
  });

  test("serves others while one receiver never answers", async () => {
    const silent = await receiver(...Array.from({ length: 50 }, () => "never"));
    const well = await receiver();
    for (let count = 0; count < 30; count += 1) await tell(storage, ["silent"]);
    const [id] = await tell(storage, ["well"]);
    const { written } = sending(storage, [endpoint("silent", silent.url), endpoint("well", well.url)], {
      timeout_ms: 60_000,
    });
    await written(1);
    expect(well.received).toMatchObject([{ id }]);
    expect(silent.received.length).toBeLessThanOrEqual(4);
    await endSoon();
  });

  test("goes through more than it takes at once", async () => {
    const { url, received } = await receiver();
    const ids = [];
    for (let count = 0; count < 15; count += 1) ids.push(...(await tell(storage, ["one", "other", "third"])));
    const { written } = sending(
      storage,
      ["one", "other", "third"].map((name) => endpoint(name, url)),
    );
    await written(45);
    expect(idsOf(received)).toEqual(ids.toSorted());
  });

  test("that stops gives back what it has in hand, so that the next one need not wait for a lease", async () => {
    const peer = await receiver("never");
    const { url, received } = peer;
    const ids = [await tell(storage, ["hooks"]), await tell(storage, ["hooks"])].flat();
    const stopping = sending(storage, [endpoint("hooks", url)], { timeout_ms: 60_000 });
    await peer.until(1);
    await stopping.written(1);
    const stopped = stopping.sender.stop();
    await manual.armed(2_000);
    manual.advance(2_000);
    await stopped;
    const next = sending(storage, [endpoint("hooks", url)]);
    expect(await next.written(1)).toMatchObject([{ status: "delivered", attempts: 1 }]);
    expect(new Set(received.map(({ id }) => id))).toEqual(new Set(ids));
  });

  test("looks again when it is woken while it looks", async () => {
    const { url } = await receiver();
    const { outbox: real } = storage.system;
    let first = true;
    const outbox: Outbox = {
      settle: (message, result) => real.settle(message, result),
      claim: async (query) => {
        const claimed = await real.claim(query);
        if (!first) return claimed;
        first = false;
        await tell(storage, ["hooks"]);
        sender.wake();
        return claimed;
      },
    };
    const { sender, logger } = sending(storage, [endpoint("hooks", url)], { outbox });
    await logger.heard("was delivered");
    expect(await messagesOf(storage)).toMatchObject([{ status: "delivered" }]);
  });

  test("without endpoints looks once and never again", async () => {
    const { looked, sender } = sending(storage, []);
    await looked(1);
    expect(manual.waits).toEqual([]);
    await sender.stop();
    expect(manual.waits).toEqual([]);
  });

  test("without endpoints looks again for what it has left to other nodes, until it is given up on", async () => {
    await tell(storage, ["gone"]);
    const { written } = sending(storage, []);
    await written(1);
    await manual.armed(LEASE_MS);
    manual.advance(LEASE_MS);
    expect(await written(2)).toMatchObject([{ status: "pending" }, { status: "pending" }]);
    await manual.armed(LEASE_MS);
    manual.advance(9 * LEASE_MS);
    expect((await written(3)).at(-1)).toMatchObject({ status: "dead" });
    expect(manual.waits).toEqual([]);
  });

  test("that a tenant lacks its secret slows down nobody else at the same endpoint", async () => {
    const peer = await receiver(...Array.from({ length: 4 }, () => "never"));
    await tell(storage, ["hooks"]);
    const resolve: SecretResolver["resolve"] = (tenant, name) =>
      tenant === "acme" ? noSecrets.resolve(tenant, name) : Promise.resolve(SECRET);
    const { written, sender } = sending(storage, [endpoint("hooks", peer.url, { secret: "secret://HOOK" })], {
      secrets: { resolve },
      timeout_ms: 60_000,
    });
    expect(await written(1)).toMatchObject([{ status: "pending", last_result: "There is no secret HOOK." }]);
    for (let count = 0; count < 4; count += 1) await tell(storage, ["hooks"], { tenant_id: "other" });
    sender.wake();
    await peer.until(4);
    await endSoon();
  });

  test("goes on after the store was away", async () => {
    const { url } = await receiver();
    const outbox = new WatchedOutbox(storage.system.outbox);
    let away = true;
    const troubled: Outbox = {
      claim: (query) => (away ? Promise.reject(new Error("away")) : outbox.claim(query)),
      settle: (message, result) => outbox.settle(message, result),
    };
    await tell(storage, ["hooks"]);
    const { logger } = sending(storage, [endpoint("hooks", url)], { outbox: troubled });
    await logger.heard("can't be read");
    away = false;
    manual.advance(5_000);
    await outbox.until(() => outbox.results.length === 1);
    expect(outbox.results).toMatchObject([{ status: "delivered" }]);
  });

  /** Ends attempts that nobody answers. */
  async function endSoon(): Promise<void> {
    const stop = cleanups.pop()!;
    const stopped = stop();
    await manual.armed(2_000);
    manual.advance(2_000);
    await stopped;
  }
});
