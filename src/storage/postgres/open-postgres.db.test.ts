import { randomUUID } from "node:crypto";

import pg from "pg";
import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";

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

test("a second server on the same database is refused, and welcome once the first has closed", async () => {
  const logger = recordingLogger();
  const first = await openStorage(database.url, { logger });
  const second = openStorage(database.url, { logger });
  await expect(second).rejects.toMatchObject({ name: "StorageError", code: "storage_locked" });
  await expect(second).rejects.toThrow(/another ts-orca server uses this database\. Stop that server/);
  await first.close();
  await (await openStorage(database.url, { logger })).close();
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
  const tenant = storage.forTenant("acme");
  await tenant.commit(aCommit({ events: someEvents(1, 1) }));
  await tenant.loadHead("w1");
  await withClient(async (client) => {
    // Holding the row, so that a commit is in flight when its connection is cut.
    await client.query("begin; select * from workflows for update");
    const inFlight = tenant.commit(aCommit({ expected_version: 1, events: someEvents(2, 1) }));
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

test("a server that lost its lock to another one writes nothing any more", async () => {
  const logger = recordingLogger();
  const storage = await openStorage(database.url, { logger });
  const tenant = storage.forTenant("acme");
  await tenant.commit(aCommit());
  await withClient(async (rival) => {
    const { rows } = await rival.query<{ objid: string }>(
      "select objid from pg_locks where locktype = 'advisory'",
    );
    const waiting = rival.query("select pg_advisory_lock($1)", [rows[0]!.objid]);
    await withClient(cutAll);
    await waiting;
    await logger.heard("another ts-orca server uses this database");
    const refused = { name: "StorageError", code: "storage_locked" };
    await expect(tenant.commit(aCommit({ expected_version: 1 }))).rejects.toMatchObject(refused);
    await expect(storage.system.ping()).rejects.toMatchObject(refused);
    const { rows: heads } = await withClient((client) => client.query("select version from workflows"));
    expect(heads).toEqual([{ version: 1 }]);
  });
  await storage.close();
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
