import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

import pg from "pg";
import { afterEach, beforeEach, describe, expect, inject, test, vi } from "vitest";

import { type FreshDatabase, freshDatabase } from "../../../test/postgres/fresh-database.ts";
import { openStorage } from "../open-storage.ts";
import { aCommit, someEvents } from "../testsuite/a-commit.ts";
import { recordingLogger } from "../testsuite/store-under-test.testsuite.ts";

let database: FreshDatabase;
beforeEach(async () => {
  database = await freshDatabase(inject("postgresUrl"));
});
afterEach(() => database.drop());

async function withClient<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: database.url });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const cutAll = (client: pg.Client) =>
  client.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'ts-orca'`,
  );

function changed(change: (url: URL) => void): string {
  const url = new URL(database.url);
  change(url);
  return url.href;
}

describe("a server that can't be used", () => {
  const secret = `secret-${randomUUID()}`;

  test.each([
    ["no server", (url: URL) => (url.port = "1"), "Check that the server runs"],
    ["no such host", (url: URL) => (url.hostname = "nowhere.invalid"), "Check that the server runs"],
    ["no such database", (url: URL) => (url.pathname = "/absent"), "Create the database"],
    ["a wrong password", (url: URL) => (url.password = secret), "Check user and password"],
  ])("%s: one clear error that names the place and not the password", async (_, change, advice) => {
    const url = changed((one) => {
      if (advice.startsWith("Check that")) one.password = secret;
      change(one);
    });
    const error: unknown = await openStorage(url, { logger: recordingLogger() }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ name: "StorageError", code: "storage_unreachable" });
    const { host, pathname } = new URL(url);
    expect((error as Error).message).toContain(`${host}${pathname}`);
    expect((error as Error).message).toContain(advice);
    expect((error as Error).message).not.toContain(new URL(url).password);
  });
});

test("many servers open the same fresh database at once", async () => {
  const logger = recordingLogger();
  const storages = await Promise.all([1, 2, 3].map(() => openStorage(database.url, { logger })));
  const results = await Promise.all(
    storages.map((storage, index) => storage.forTenant("acme").commit(aCommit({ workflow_id: `w${index}` }))),
  );
  expect(results).toEqual(storages.map(() => ({ ok: true })));
  await Promise.all(storages.map((storage) => storage.close()));
});

test("fsync=off and synchronous_commit=off are warned of", async () => {
  const logger = recordingLogger();
  await withClient(async (client) => {
    await client.query(
      `alter database ${new URL(database.url).pathname.slice(1)} set synchronous_commit = off`,
    );
  });
  await (await openStorage(database.url, { logger })).close();
  const warned = logger.lines.filter(({ level }) => level === "warn").map(({ fields }) => fields);
  const place = new URL(database.url).host + new URL(database.url).pathname;
  expect(warned).toEqual([
    { place, setting: "fsync" },
    { place, setting: "synchronous_commit" },
  ]);
});

test("cut connections reject what was on its way and come back without a restart", async () => {
  const logger = recordingLogger();
  const storage = await openStorage(database.url, { logger });
  const listeners = { work: () => undefined, changed: () => undefined, doubted: () => undefined };
  await storage.cluster?.join({ id: "n1", role: "all", version: "0" }, listeners);
  const tenant = storage.forTenant("acme");
  await tenant.commit(aCommit({ events: someEvents(1, 1) }));
  await tenant.loadHead("w1");
  await withClient(async (client) => {
    // Holding the row, so that a commit is in flight when its connection is cut.
    await client.query("begin; select * from workflows for update");
    const inFlight = tenant.commit(
      aCommit({
        expected_version: 1,
        events: someEvents(2, 1),
        wake: { at: null, begun: false, here: false },
      }),
    );
    inFlight.catch(() => undefined);
    await client.query(`do $$ begin
      while not exists (select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database())
      loop perform pg_sleep(0.01); perform pg_stat_clear_snapshot(); end loop; end $$`);
    await cutAll(client);
    await expect(inFlight).rejects.toMatchObject({ code: "storage_unreachable" });
    await client.query("rollback");
  });
  await logger.heard("connected to PostgreSQL again");
  expect((await tenant.loadHead("w1"))?.version).toBe(1);
  expect(await tenant.commit(aCommit({ expected_version: 1, events: someEvents(2, 1) }))).toEqual({
    ok: true,
  });
  expect(await tenant.readEvents("w1", { after: 0, limit: 10 })).toEqual(someEvents(1, 2));
  await expect(storage.system.ping()).resolves.toBeUndefined();
  await storage.close();
});

test("while the server is away a node refuses at once, and works again by itself", async () => {
  const logger = recordingLogger();
  const storage = await openStorage(database.url, { logger });
  const doubted = vi.fn<() => void>();
  const listeners = { work: () => undefined, changed: () => undefined, doubted };
  await storage.cluster?.join({ id: "n1", role: "all", version: "0" }, listeners);
  const tenant = storage.forTenant("acme");
  await tenant.commit(aCommit());
  const name = new URL(database.url).pathname.slice(1);
  const server = new pg.Client({ connectionString: inject("postgresUrl") });
  await server.connect();
  // Nobody gets in, as while a server starts up.
  await server.query(`alter database ${name} allow_connections = false`);
  await server.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [name]);
  const unreachable = { name: "StorageError" };
  await expect.poll(() => storage.system.ping().catch((error: unknown) => error)).toMatchObject(unreachable);
  const before = performance.now();
  await expect(tenant.commit(aCommit({ expected_version: 1 }))).rejects.toMatchObject(unreachable);
  await expect(tenant.loadHead("w1")).rejects.toMatchObject(unreachable);
  expect(performance.now() - before).toBeLessThan(2_000);
  await server.query(`alter database ${name} allow_connections = true`);
  await server.end();
  await logger.heard("connected to PostgreSQL again");
  await expect.poll(() => doubted.mock.calls.length).toBeGreaterThan(0);
  expect(await tenant.commit(aCommit({ expected_version: 1 }))).toEqual({ ok: true });
  await storage.close();
});

test("while the server answers nobody a node waits for one try, not for each", async () => {
  const { hostname, port } = new URL(database.url);
  const sockets = new Set<Socket>();
  let answers = true;
  const proxy = createServer((client) => {
    sockets.add(client.on("error", () => undefined));
    if (!answers) return;
    const server = connect(Number(port), hostname).on("error", () => undefined);
    sockets.add(server);
    client.pipe(server).pipe(client);
  });
  await once(proxy.listen(0, "127.0.0.1"), "listening");
  const logger = recordingLogger();
  const url = changed((one) => (one.port = String((proxy.address() as AddressInfo).port)));
  const storage = await openStorage(url, { logger });
  const listeners = { work: () => undefined, changed: () => undefined, doubted: () => undefined };
  await storage.cluster?.join({ id: "n1", role: "all", version: "0" }, listeners);
  answers = false;
  for (const socket of sockets) socket.destroy();
  const refusal = async () => {
    const at = performance.now();
    const unreachable = { name: "StorageError", code: "storage_unreachable" };
    await expect(storage.forTenant("acme").loadHead("w1")).rejects.toMatchObject(unreachable);
    return performance.now() - at;
  };
  expect(await refusal()).toBeLessThan(5_000);
  await expect.poll(refusal, { timeout: 10_000 }).toBeLessThan(100);
  expect(await refusal()).toBeLessThan(100);
  answers = true;
  await logger.heard("connected to PostgreSQL again");
  expect(await storage.forTenant("acme").loadHead("w1")).toBeNull();
  await storage.close();
  proxy.close();
});

test("close waits for what was submitted", async () => {
  const storage = await openStorage(database.url, { logger: recordingLogger() });
  const tenant = storage.forTenant("acme");
  const commits = Array.from({ length: 600 }, (_, index) =>
    tenant.commit(aCommit({ workflow_id: `w${index}` })),
  );
  await storage.close();
  expect(new Set((await Promise.all(commits)).map((result) => result.ok))).toEqual(new Set([true]));
  await expect(tenant.commit(aCommit({ workflow_id: "late" }))).rejects.toMatchObject({
    name: "StorageError",
  });
  await storage.close();
});
