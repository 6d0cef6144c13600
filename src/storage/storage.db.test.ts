import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import pg from "pg";
import { afterAll, beforeAll, describe, inject } from "vitest";

import { type FreshDatabase, freshDatabase } from "../../test/postgres/fresh-database.ts";
import type { Storage } from "../ports/storage.ts";
import { openStorage } from "./open-storage.ts";
import { commitModelSuite } from "./testsuite/commit-model.testsuite.ts";
import { commitSuite } from "./testsuite/commit.testsuite.ts";
import { eventsSuite } from "./testsuite/events.testsuite.ts";
import { hooksSuite } from "./testsuite/hooks.testsuite.ts";
import { idempotencySuite } from "./testsuite/idempotency.testsuite.ts";
import { listingSuite } from "./testsuite/listing.testsuite.ts";
import { migrationsSuite } from "./testsuite/migrations.testsuite.ts";
import { outboxSuite } from "./testsuite/outbox.testsuite.ts";
import { partsSuite } from "./testsuite/parts.testsuite.ts";
import { secretsSuite } from "./testsuite/secrets.testsuite.ts";
import { spendSuite } from "./testsuite/spend.testsuite.ts";
import { recordingLogger, type StoreUnderTest } from "./testsuite/store-under-test.testsuite.ts";
import { tenancySuite } from "./testsuite/tenancy.testsuite.ts";
import { usageSuite } from "./testsuite/usage.testsuite.ts";

function runSuites(store: Omit<StoreUnderTest, "storage">): void {
  let storage: Storage | null = null;
  beforeAll(async () => {
    storage = await openStorage(await store.freshUrl(), { logger: recordingLogger() });
  });
  afterAll(() => storage?.close());
  const shared: StoreUnderTest = {
    ...store,
    storage: () => {
      if (storage === null) throw new Error("the storage is opened before the first test");
      return storage;
    },
  };
  commitSuite(shared);
  commitModelSuite(shared);
  eventsSuite(shared);
  partsSuite(shared);
  listingSuite(shared);
  tenancySuite(shared);
  idempotencySuite(shared);
  spendSuite(shared);
  usageSuite(shared);
  outboxSuite(shared);
  hooksSuite(shared);
  secretsSuite(shared);
  migrationsSuite(shared);
}

describe("SQLite", () => {
  let files = 0;
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "orca-storage-"));
    return () => rm(folder, { recursive: true });
  });
  runSuites({
    kind: "sqlite",
    freshUrl: () => Promise.resolve(`sqlite:${join(folder, `${(files += 1)}.db`)}`),
    execute: (url, sql) => {
      const database = new DatabaseSync(url.slice("sqlite:".length));
      const rows = database.prepare(sql).all();
      database.close();
      return Promise.resolve(rows.map((row) => ({ ...row })));
    },
  });
});

describe("PostgreSQL", () => {
  const databases: FreshDatabase[] = [];
  beforeAll(() => async () => {
    await Promise.all(databases.map((database) => database.drop()));
  });
  runSuites({
    kind: "postgres",
    freshUrl: async () => {
      const database = await freshDatabase(inject("postgresUrl"));
      databases.push(database);
      return database.url;
    },
    execute: async (url, sql) => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      try {
        return (await client.query<Record<string, unknown>>(sql)).rows;
      } finally {
        await client.end();
      }
    },
  });
});
