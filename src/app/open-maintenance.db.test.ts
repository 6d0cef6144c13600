import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { Config } from "../config/config.ts";
import { openStorage } from "../storage/open-storage.ts";
import { recordingLogger } from "../storage/testsuite/store-under-test.testsuite.ts";
import { pruneNow } from "./open-maintenance.ts";

const DAY_MS = 86_400_000;

let directory: string;
let config: Config;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "orca-maintenance-"));
  const database = `sqlite:${join(directory, "orca.db")}`;
  config = Config.parse({ data_dir: directory, database, log: { level: "silent" } });
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test("pruning by hand forgets old hooks as servers do, and a dry run leaves them", async () => {
  const storage = await openStorage(config.database, { logger: recordingLogger() });
  for (const days of [1, 7, 9, 30])
    await storage.system.hooks.remember({
      source: "github",
      delivery_id: `delivery-${days}`,
      body_hash: `body-${days}`,
      received_at: new Date(Date.now() - days * DAY_MS).toISOString(),
    });
  await storage.close();
  const { signal } = new AbortController();
  const prune = (dryRun: boolean) => pruneNow(config, { workflowsDays: null, dryRun, signal });
  expect(await prune(true)).toMatchObject({ received_hooks: null });
  expect(await prune(false)).toMatchObject({ received_hooks: 2 });
  expect(await prune(false)).toMatchObject({ received_hooks: 0 });
});
