import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";

import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { openStorage } from "../open-storage.ts";
import { aBlob, aCommit, aStep, someEvents } from "../testsuite/a-commit.ts";
import { recordingLogger } from "../testsuite/store-under-test.testsuite.ts";
import { openSqlite } from "./open-sqlite.ts";
import { WriterClient } from "./writer-client.ts";

const logger = recordingLogger();
const source = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "orca-sqlite-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** A process of its own that opens `file` and then does `work` with `storage`; what it prints comes line by line. */
function otherProcess(file: string, work: string) {
  const script = `
    const { openStorage } = await import(${source("../open-storage.ts")});
    const { aCommit, someEvents, aBlob } = await import(${source("../testsuite/a-commit.ts")});
    const logger = { debug() {}, info() {}, warn() {}, error() {} };
    const storage = await openStorage(${JSON.stringify(`sqlite:${file}`)}, { logger });
    ${work}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    line: async () => String((await lines.next()).value),
    kill: async () => {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
  };
}

const FOR_EVER = "console.log('open'); setInterval(() => undefined, 1000);";

describe("a second opening of the same file", () => {
  test("is refused while another process has it, and works once that was killed", async () => {
    const file = join(folder, "orca.db");
    const other = otherProcess(file, FOR_EVER);
    try {
      expect(await other.line()).toBe("open");
      const refused = openStorage(`sqlite:${file}`, { logger });
      await expect(refused).rejects.toMatchObject({ name: "StorageError", code: "storage_locked" });
      await expect(refused).rejects.toThrow(
        /orca\.db is in use by another ts-orca process\. Stop that process/,
      );
    } finally {
      await other.kill();
    }
    const storage = await openStorage(`sqlite:${file}`, { logger });
    await storage.close();
  });

  test("is refused under every name of the file, and works once it is closed", async () => {
    const file = join(folder, "orca.db");
    symlinkSync(folder, join(folder, "link"));
    const storage = await openStorage(`sqlite:${file}`, { logger });
    symlinkSync(file, join(folder, "other-name.db"));
    for (const name of ["orca.db", "link/orca.db", "other-name.db"]) {
      await expect(openStorage(`sqlite:${join(folder, name)}`, { logger })).rejects.toMatchObject({
        code: "storage_locked",
      });
    }
    await storage.close();
    await (await openStorage(`sqlite:${join(folder, "link/orca.db")}`, { logger })).close();
  });
});

describe("durability", () => {
  test("every commit is synced to the disk", async () => {
    const storage = await openSqlite(join(folder, "orca.db"), { logger });
    const writer = await sql<object>`pragma synchronous`.execute(storage.db);
    expect(writer.rows).toEqual([{ synchronous: 2 }]);
    const journal = await sql<object>`pragma journal_mode`.execute(storage.db);
    expect(journal.rows).toEqual([{ journal_mode: "wal" }]);
    await storage.close();
  });

  test("kill -9 right after a resolved commit loses nothing of it", async () => {
    const file = join(folder, "orca.db");
    for (let round = 0; round < 3; round += 1) {
      const other = otherProcess(
        file,
        `const tenant = storage.forTenant("acme");
         const id = "w${round}";
         for (let version = 0; ; version += 1) {
           const result = await tenant.commit(aCommit({ workflow_id: id, expected_version: version,
             events: someEvents(version * 2 + 1, 2), blobs: [aBlob(id + " " + version)] }));
           if (!result.ok) throw new Error(result.code);
           console.log(version + 1);
         }`,
      );
      let resolved = 0;
      while (resolved < 20) resolved = Number(await other.line());
      await other.kill();
      const storage = await openStorage(`sqlite:${file}`, { logger });
      const tenant = storage.forTenant("acme");
      const version = (await tenant.loadHead(`w${round}`))?.version ?? 0;
      expect(version).toBeGreaterThanOrEqual(resolved);
      expect(await tenant.readEvents(`w${round}`, { after: 0, limit: 100_000 })).toEqual(
        someEvents(1, version * 2),
      );
      expect(await tenant.readBlob(aBlob(`w${round} ${version - 1}`).hash)).toBe(`w${round} ${version - 1}`);
      await storage.close();
    }
  });

  test("close waits for what was submitted", async () => {
    const file = join(folder, "orca.db");
    const storage = await openStorage(`sqlite:${file}`, { logger });
    const tenant = storage.forTenant("acme");
    const commits = [0, 1, 2].map((index) =>
      tenant.commit(aCommit({ workflow_id: `w${index}`, steps: [aStep()] })),
    );
    await storage.close();
    expect(await Promise.all(commits)).toEqual([{ ok: true }, { ok: true }, { ok: true }]);
    await expect(tenant.commit(aCommit({ workflow_id: "late" }))).rejects.toMatchObject({
      name: "StorageError",
    });
    await expect(tenant.loadHead("w0")).rejects.toMatchObject({ name: "StorageError" });
    await storage.close();
  });
});

describe("a writer thread that dies", () => {
  const dyingThread = (death: string) =>
    new URL(
      `data:text/javascript,${encodeURIComponent(`
        import { parentPort } from "node:worker_threads";
        parentPort.on("message", (message) => {
          if ("open" in message) parentPort.postMessage({ opened: true });
          else { ${death} }
        });`)}`,
    );

  test.each([
    ["exits", "process.exit(1)"],
    ["throws", 'throw new Error("out of luck")'],
  ])("rejects everything that waits and all that comes later: it %s", async (_, death) => {
    const writer = new WriterClient(join(folder, "orca.db"), dyingThread(death));
    await writer.open();
    const waiting = await Promise.allSettled([
      writer.commit(["acme", "w1", 0]),
      writer.query("select 1", []),
    ]);
    const failure = { status: "rejected", reason: { name: "StorageError", code: "storage_failed" } };
    expect(waiting).toMatchObject([failure, failure]);
    await expect(writer.commit(["acme", "w1", 0])).rejects.toMatchObject({ code: "storage_failed" });
    expect(() => writer.assertAlive()).toThrow(/Restart the server/);
    await writer.close();
  });
});

/** Counts the turns of the event loop from now on. */
function countTurns() {
  let count = 0;
  const next = (): void => {
    count += 1;
    pending = setImmediate(next);
  };
  let pending = setImmediate(next);
  return { now: () => count, stop: () => clearImmediate(pending) };
}

describe("one turn of the event loop", () => {
  test("has a few answers of the writer only", async () => {
    const storage = await openSqlite(join(folder, "orca.db"), { logger });
    const tenant = storage.forTenant("acme");
    const turns = countTurns();
    const answered = new Map<number, number>();
    const commits = Array.from({ length: 400 }, async (_, index) => {
      expect(await tenant.commit(aCommit({ workflow_id: `w${index}` }))).toEqual({ ok: true });
      answered.set(turns.now(), (answered.get(turns.now()) ?? 0) + 1);
    });
    await Promise.all(commits);
    // A message of the writer may come between two counts.
    expect(Math.max(...answered.values())).toBeLessThanOrEqual(16);
    turns.stop();
    await storage.close();
  });
});

describe("a file that can't be used", () => {
  test("missing directories are made", async () => {
    const file = join(folder, "a/b/c/orca.db");
    await (await openStorage(`sqlite:${file}`, { logger })).close();
    expect(readFileSync(file).subarray(0, 15).toString()).toBe("SQLite format 3");
  });

  test.each([
    ["below a file", "file/orca.db", "storage_unwritable"],
    ["a directory", "directory", "storage_unwritable"],
    ["no database", "text.db", "storage_failed"],
  ])("%s: one clear error", async (_, name, code) => {
    writeFileSync(join(folder, "file"), "");
    mkdirSync(join(folder, "directory"));
    writeFileSync(
      join(folder, "text.db"),
      "This is a text and no database, as its first line says.\n".repeat(100),
    );
    const opened = openStorage(`sqlite:${join(folder, name)}`, { logger });
    await expect(opened).rejects.toMatchObject({ name: "StorageError", code });
    await expect(opened).rejects.toThrow(name.split("/")[0]!);
  });

  test("a failed opening keeps no lock", async () => {
    const file = join(folder, "orca.db");
    writeFileSync(file, "no database ".repeat(1000));
    await expect(openStorage(`sqlite:${file}`, { logger })).rejects.toThrow(/no SQLite database/);
    writeFileSync(file, "");
    await (await openStorage(`sqlite:${file}`, { logger })).close();
  });

  test("a full disk refuses the commit, not the server", async () => {
    const file = join(folder, "orca.db");
    const storage = await openSqlite(file, { logger });
    const tenant = storage.forTenant("acme");
    await tenant.commit(aCommit());
    await sql`pragma max_page_count = 40`.execute(storage.db);
    const big = aCommit({
      workflow_id: "big",
      blobs: [aBlob("x".repeat(1_000_000))],
      events: someEvents(1, 3),
    });
    const [refused, small] = await Promise.allSettled([
      tenant.commit(big),
      tenant.commit(aCommit({ workflow_id: "small" })),
    ]);
    expect(refused).toMatchObject({ status: "rejected", reason: { code: "storage_unwritable" } });
    expect(small).toMatchObject({ status: "fulfilled", value: { ok: true } });
    expect(await tenant.loadHead("big")).toBeNull();
    await sql`pragma max_page_count = 10000`.execute(storage.db);
    expect(await tenant.commit(big)).toEqual({ ok: true });
    await storage.close();
    const database = new DatabaseSync(file, { readOnly: true });
    expect(database.prepare("pragma integrity_check").get()).toMatchObject({ integrity_check: "ok" });
    database.close();
  });
});
