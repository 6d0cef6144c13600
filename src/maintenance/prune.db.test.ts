import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";

import { type FreshDatabase, freshDatabase } from "../../test/postgres/fresh-database.ts";
import { LONGEST_HOOK_AGE_S } from "../config/hooks.ts";
import type { Commit } from "../core/workflow/commit.ts";
import { ManualClock } from "../engine/testing/manual-clock.testsuite.ts";
import type { Storage } from "../ports/storage.ts";
import { openStorage } from "../storage/open-storage.ts";
import { aBlob, aCommit, aMessage, aModelCall, aStep, someEvents } from "../storage/testsuite/a-commit.ts";
import { recordingLogger } from "../storage/testsuite/store-under-test.testsuite.ts";
import { startHourlyPruning } from "./hourly-pruning.ts";
import { prune, type Pruned, type PruneOptions } from "./prune.ts";

const NOW = "2026-11-23T10:00:00.000Z";

function daysAgo(days: number): string {
  return new Date(Date.parse(NOW) - days * 86_400_000).toISOString();
}

describe.each(["sqlite", "postgres"] as const)("on %s", (store) => {
  let directory: string;
  let database: FreshDatabase | null = null;
  let url: string;
  let storage: Storage;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "orca-prune-"));
    database = store === "postgres" ? await freshDatabase(inject("postgresUrl")) : null;
    url = database?.url ?? `sqlite:${join(directory, "orca.db")}`;
    storage = await openStorage(url, { logger: recordingLogger() });
  });
  afterEach(async () => {
    await storage.close();
    await database?.drop();
    await rm(directory, { recursive: true });
  });

  function pruned(changes: Partial<PruneOptions> = {}): Promise<Pruned> {
    return prune(storage.system.retention, {
      now: new Date(NOW),
      workflowsDays: 30,
      dryRun: false,
      sweepBlobs: true,
      signal: new AbortController().signal,
      rest: () => Promise.resolve(),
      ...changes,
    });
  }

  type Old = { readonly created: number; readonly changed: number; readonly closed: boolean };

  /** A workflow with one of everything, created and last changed so many days ago, that brings these contents. */
  async function stored(
    id: string,
    { created, changed, closed }: Old,
    ...contents: string[]
  ): Promise<Commit> {
    const commit = aCommit({
      workflow_id: id,
      head: {
        created_at: daysAgo(created),
        updated_at: daysAgo(changed),
        closed,
        status: closed ? "completed" : "paused",
      },
      events: someEvents(1, 2),
      parts: contents.map((content) => ({
        kind: "artifact",
        key: content,
        body: { hash: aBlob(content).hash },
      })),
      steps: [aStep({ status: "completed" })],
      model_calls: [aModelCall()],
      blobs: contents.map(aBlob),
    });
    expect(await storage.forTenant("acme").commit(commit)).toEqual({ ok: true });
    return commit;
  }

  /** Another opening of the same database has no memory of what was stored. */
  async function reopened(): Promise<void> {
    await storage.close();
    storage = await openStorage(url, { logger: recordingLogger() });
  }

  function readContent(text: string): Promise<string | null> {
    return storage.forTenant("acme").readBlob(aBlob(text).hash);
  }

  test("a closed workflow past its time goes whole, and nothing else does", async () => {
    await stored("old", { created: 40, changed: 31, closed: true });
    await stored("paused", { created: 40, changed: 40, closed: false });
    await stored("long", { created: 40, changed: 29, closed: true });
    await stored("new", { created: 2, changed: 1, closed: true });
    expect(await pruned()).toMatchObject({ workflows: 1 });
    const tenant = storage.forTenant("acme");
    expect(await tenant.loadWorkflow("old")).toBeNull();
    expect(await tenant.readEvents("old", { after: 0, limit: 9 })).toEqual([]);
    expect(await tenant.listSteps("old")).toEqual([]);
    expect(await tenant.listModelCalls("old")).toEqual([]);
    for (const id of ["paused", "long", "new"]) {
      expect(await tenant.loadHead(id)).not.toBeNull();
      expect(await tenant.readEvents(id, { after: 0, limit: 9 })).toHaveLength(2);
      expect(await tenant.listSteps(id)).toHaveLength(1);
      expect(await tenant.listModelCalls(id)).toHaveLength(1);
    }
    const again = aCommit({ workflow_id: "old" });
    expect(await tenant.commit(again), "its id is free").toEqual({ ok: true });
  });

  test("a content goes when no workflow that stays refers to it", async () => {
    await stored("old", { created: 40, changed: 35, closed: true }, "alone", "shared");
    await stored("paused", { created: 40, changed: 35, closed: false }, "shared", "theirs");
    expect(await pruned({ dryRun: true })).toEqual({
      workflows: 1,
      idempotency_keys: 0,
      messages: 0,
      blobs: 1,
      blob_bytes: "alone".length,
    });
    expect(await readContent("alone"), "a dry run deletes nothing").toBe("alone");
    expect(await pruned()).toMatchObject({ workflows: 1, blobs: 1, blob_bytes: "alone".length });
    expect(await readContent("alone")).toBeNull();
    expect(await readContent("shared")).toBe("shared");
    expect(await readContent("theirs")).toBe("theirs");
  });

  test("an old content that a new workflow has brought again stays", async () => {
    await stored("old", { created: 40, changed: 35, closed: true }, "again");
    await reopened();
    await stored("new", { created: 0, changed: 0, closed: false }, "again");
    expect(await pruned()).toMatchObject({ workflows: 1, blobs: 0 });
    expect(await readContent("again")).toBe("again");
  });

  test("a content of another tenant with the same text stays", async () => {
    await stored("old", { created: 40, changed: 35, closed: true }, "same");
    const other = aCommit({
      tenant_id: "other",
      head: { created_at: daysAgo(50), updated_at: daysAgo(50), status: "paused" },
      parts: [{ kind: "artifact", key: "a", body: { hash: aBlob("same").hash } }],
      blobs: [aBlob("same")],
    });
    await storage.forTenant("other").commit(other);
    await pruned();
    expect(await readContent("same")).toBeNull();
    expect(await storage.forTenant("other").readBlob(aBlob("same").hash)).toBe("same");
  });

  test("a clock that went back while a workflow lived costs it no content", async () => {
    await stored("w", { created: 1, changed: 300, closed: false }, "kept");
    expect(await pruned()).toMatchObject({ blobs: 0 });
    expect(await readContent("kept")).toBe("kept");
  });

  test("contents of a version that kept no times are dated, not deleted", async () => {
    await stored("old", { created: 40, changed: 35, closed: true }, "undated");
    await storage.close();
    await forgetTimes(store, url);
    storage = await openStorage(url, { logger: recordingLogger() });
    expect(await pruned()).toMatchObject({ workflows: 1, blobs: 0 });
    const later = new Date(Date.parse(NOW) + 40 * 86_400_000);
    expect(await pruned({ now: later })).toMatchObject({ blobs: 1 });
  });

  test("a content that is brought between being found and being deleted stays", async () => {
    await stored("old", { created: 40, changed: 35, closed: true }, "again", "alone");
    await reopened();
    const { retention } = storage.system;
    const found = (await retention.listBlobs("acme", "")).map(({ hash }) => hash);
    await stored("new", { created: 0, changed: 0, closed: false }, "again");
    expect(await retention.deleteBlobs("acme", found, Date.parse(daysAgo(31)))).toBe(1);
    expect(await readContent("again")).toBe("again");
    expect(await readContent("alone")).toBeNull();
  });

  test("whoever brings a content while it is being deleted has it afterwards", async () => {
    const contents = Array.from({ length: 40 }, (_, index) => `content ${index}`);
    await stored("old", { created: 40, changed: 35, closed: true }, ...contents);
    await reopened();
    const bringing = contents.map((text, index) =>
      stored(`new-${index}`, { created: 0, changed: 0, closed: false }, text),
    );
    await Promise.all([pruned(), ...bringing]);
    for (const text of contents) expect(await readContent(text)).toBe(text);
    expect(await storage.forTenant("acme").loadHead("old")).toBeNull();
  });

  test("a workflow that is resumed while it is past its time is there as a whole or not at all", async () => {
    for (let round = 0; round < 10; round += 1) {
      const id = `w${round}`;
      await stored(id, { created: 40, changed: 35, closed: true }, `of ${id}`);
      await reopened();
      const resumed = aCommit({ workflow_id: id, expected_version: 1, events: someEvents(3, 1) });
      const [result] = await Promise.all([storage.forTenant("acme").commit(resumed), pruned()]);
      const tenant = storage.forTenant("acme");
      const events = await tenant.readEvents(id, { after: 0, limit: 9 });
      expect(events).toHaveLength(result.ok ? 3 : 0);
      expect((await tenant.loadHead(id)) !== null).toBe(result.ok);
      expect((await readContent(`of ${id}`)) !== null).toBe(result.ok);
    }
  });

  test("idempotency keys go after a day, also where workflows are kept for ever", async () => {
    const tenant = storage.forTenant("acme");
    const key = { fingerprint: "f", owner: "me" };
    await tenant.takeIdempotencyKey({ key: "old", ...key, created_at: daysAgo(1.1) });
    await tenant.takeIdempotencyKey({ key: "new", ...key, created_at: daysAgo(0.9) });
    await stored("old", { created: 400, changed: 400, closed: true });
    expect(await pruned({ workflowsDays: null })).toMatchObject({ workflows: 0, idempotency_keys: 1 });
    expect(await tenant.takeIdempotencyKey({ key: "new", ...key, created_at: NOW })).not.toBeNull();
    expect(await tenant.takeIdempotencyKey({ key: "old", ...key, created_at: NOW })).toBeNull();
  });

  test("messages go a month after they were delivered, and not while they wait", async () => {
    const { outbox } = storage.system;
    const messages = ["old", "waits"].map((id) => aMessage({ id, created_at: daysAgo(40) }));
    await storage.forTenant("acme").commit(aCommit({ messages }));
    for (const message of await outbox.claim({ now: Date.parse(NOW), lease_ms: 1, limit: 9, except: [] })) {
      if (message.id !== "old") continue;
      const due_at = Date.parse(daysAgo(31));
      const delivered = { status: "delivered", attempts: 1, last_result: null, delivered_at: NOW } as const;
      await outbox.settle(message, { ...delivered, due_at });
    }
    expect(await pruned({ workflowsDays: null, dryRun: true })).toMatchObject({ messages: 1 });
    expect(await pruned({ workflowsDays: null })).toMatchObject({ messages: 1 });
    expect(await storage.forTenant("acme").loadMessage("old")).toBeNull();
    expect(await storage.forTenant("acme").loadMessage("waits")).not.toBeNull();
  });

  test("a turn is taken by one of many that ask, and again when its time is over", async () => {
    const { retention } = storage.system;
    const asked = await Promise.all(Array.from({ length: 8 }, () => retention.takeTurn("t", 1_000, 2_000)));
    expect(asked.filter(Boolean)).toHaveLength(1);
    expect(await retention.takeTurn("t", 1_999, 3_000)).toBe(false);
    expect(await retention.takeTurn("t", 2_000, 3_000)).toBe(true);
  });

  test("received hooks stay a day longer than anything may be old that comes in", async () => {
    const clock = new ManualClock();
    const { retention, hooks } = storage.system;
    const days = (count: number): string =>
      new Date(clock.now().getTime() - count * 86_400_000 - LONGEST_HOOK_AGE_S * 1000).toISOString();
    const received = (delivery_id: string, received_at: string) => ({
      source: "github",
      delivery_id,
      body_hash: delivery_id,
      received_at,
    });
    await hooks.remember(received("old", days(1.1)));
    await hooks.remember(received("young", days(0.9)));
    const logger = recordingLogger();
    const hourly = startHourlyPruning({ retention, hooks, workflowsDays: null, clock, logger });
    clock.advance(60_000);
    expect(await logger.heard("pruned")).toMatchObject({ fields: { received_hooks: 1 } });
    await hourly.stop();
    expect(await hooks.remember(received("young", NOW))).not.toBeNull();
    expect(await hooks.remember(received("old", NOW))).toBeNull();
  });

  test("it happens by itself, once an hour", async () => {
    const clock = new ManualClock();
    const logger = recordingLogger();
    const { retention, hooks } = storage.system;
    const hourly = startHourlyPruning({ retention, hooks, workflowsDays: 30, clock, logger });
    await stored("old", { created: 40, changed: 35, closed: true });
    clock.advance(60_000);
    await logger.heard("pruned");
    expect(await storage.forTenant("acme").loadHead("old")).toBeNull();
    await hourly.stop();
  });
});

async function forgetTimes(store: "sqlite" | "postgres", url: string): Promise<void> {
  const statement = "update blobs set touched_at = null";
  if (store === "sqlite") {
    const { DatabaseSync } = await import("node:sqlite");
    const database = new DatabaseSync(url.slice("sqlite:".length));
    database.exec(statement);
    database.close();
    return;
  }
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(statement);
  await client.end();
}
