import { appendFile, link, mkdir, readdir, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { afterEach, beforeEach, expect, test } from "vitest";

import { FakeModel } from "./fake-model.ts";
import { OrcaProcess } from "./orca-process.ts";
import { scriptedAnswers } from "./scripted-answers.ts";

const WORKFLOWS = 6;

let model: FakeModel;
let orca: OrcaProcess;
beforeEach(async () => {
  model = new FakeModel(scriptedAnswers());
  orca = await OrcaProcess.prepare(await model.start(), null);
  await orca.start();
});
afterEach(async () => {
  await orca.remove();
  await model.stop();
});

function at(name: string): string {
  return join(orca.directory, name);
}

async function create(): Promise<string> {
  const { status, body } = await orca.post("/workflows", { request: "Write three files." });
  expect(status).toBe(201);
  return body["id"] as string;
}

test("a backup under load is restored, and its workflows go on from where they were", async () => {
  const held = model.hold("qa:0");
  const ids: string[] = [];
  for (let index = 0; index < WORKFLOWS; index += 1) ids.push(await create());
  await held.arrived;
  const made = await orca.command("backup", at("backup.db"), "--json");
  expect(made).toMatchObject({ code: 0, stderr: "" });
  const { bytes } = JSON.parse(made.stdout) as { bytes: number };
  expect((await stat(at("backup.db"))).size).toBe(bytes);
  const unfinished = "select count(*) as n from workflows where closed = false";
  expect(rows(at("backup.db"), unfinished)).not.toEqual([{ n: 0 }]);
  held.release();
  for (const id of ids) await orca.reached(id, "workflow.closed");
  const later = await create();
  await orca.reached(later, "workflow.closed");

  expect(await orca.command("restore", at("backup.db"))).toMatchObject({
    code: 69,
    stderr: expect.stringContaining("in use by another ts-orca process"),
  });
  await orca.kill("SIGKILL"); // its log is left beside the file
  const restored = await orca.command("restore", at("backup.db"), "--json");
  expect(restored).toMatchObject({ code: 0, stderr: "" });
  expect(rows(at("orca.db"), "pragma integrity_check")).toEqual([{ integrity_check: "ok" }]);
  const { before } = JSON.parse(restored.stdout) as { before: string };
  expect(rows(before, `select count(*) as n from workflows where id = '${later}'`)).toEqual([{ n: 1 }]);

  await orca.start();
  for (const id of ids) {
    await orca.reached(id, "workflow.closed");
    expect((await orca.get(`/workflows/${id}`))["status"]).toBe("completed");
  }
  await expect(orca.get(`/workflows/${later}`)).rejects.toThrow("404");
  const left = (await readdir(orca.directory)).filter((name) => /partial|restoring/.test(name));
  expect(left).toEqual([]);
});

test("a file that stands there is replaced only by force, and not by a copy that failed", async () => {
  await writeFile(at("mine.txt"), "mine");
  expect(await orca.command("backup", at("mine.txt"))).toMatchObject({
    code: 8,
    stderr: expect.stringContaining("--force"),
  });
  expect((await stat(at("mine.txt"))).size).toBe(4);
  expect(await orca.command("backup", at("mine.txt"), "--force")).toMatchObject({ code: 0 });
  expect(rows(at("mine.txt"), "pragma integrity_check")).toEqual([{ integrity_check: "ok" }]);
});

test("the database itself is never the backup, by whatever name and with force", async () => {
  const id = await create();
  await orca.reached(id, "workflow.closed");
  await mkdir(at("elsewhere"));
  await symlink(at("orca.db"), at("elsewhere/link.db"));
  await link(at("orca.db"), at("elsewhere/hard.db"));
  await symlink(orca.directory, at("elsewhere/folder"));
  const before = (await stat(at("orca.db"))).ino;
  for (const name of [
    "orca.db",
    "orca.db-wal",
    "orca.db-shm",
    "orca.db-journal",
    "orca.db.lock",
    "elsewhere/link.db",
    "elsewhere/hard.db",
    "elsewhere/folder/orca.db",
    "elsewhere/folder/orca.db-wal",
  ]) {
    const ended = await orca.command("backup", "--force", at(name));
    expect({ name, ...ended }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        `${at(name)} belongs to the database itself; name another file`,
      ) as string,
    });
  }
  expect((await stat(at("orca.db"))).ino).toBe(before);
  await orca.kill("SIGKILL");
  await orca.start();
  expect((await orca.get(`/workflows/${id}`))["status"]).toBe("completed");
});

test("a backup that can't be written there says why and what to name", async () => {
  await writeFile(at("file"), "");
  for (const [name, why] of [
    ["nowhere/x.db", `there is no directory ${at("nowhere")}; make it`],
    ["file/x.db", `${at("file")} is no directory`],
    [".", "it is a directory; name a file in it"],
  ] as const) {
    const ended = await orca.command("backup", "--force", at(name));
    expect({ name, ...ended }).toMatchObject({ code: 2, stderr: expect.stringContaining(why) as string });
  }
});

test("what is no sound backup of this version is refused, and the database stays", async () => {
  const id = await create();
  await orca.reached(id, "workflow.closed");
  for (const name of ["damaged.db", "cut.db", "newer.db"]) await orca.command("backup", at(name));
  await orca.kill("SIGTERM");
  await writeFile(at("text.db"), "no database at all, but long enough to be looked at".repeat(10));
  new DatabaseSync(at("foreign.db")).exec("create table t (x)");
  await damage(at("damaged.db"));
  await truncate(at("cut.db"), 5_000);
  const newer = new DatabaseSync(at("newer.db"));
  newer.exec("insert into kysely_migration values ('9999_future', '2030-01-01T00:00:00.000Z')");
  newer.close();
  for (const [name, why] of [
    ["missing.db", "there is no such file"],
    ["text.db", "is no SQLite database"],
    ["foreign.db", "holds no workflows"],
    ["damaged.db", "is damaged"],
    ["cut.db", "is damaged"],
    [".", "is no regular file"],
    ["orca.db", "the database itself"],
  ] as const) {
    const ended = await orca.command("restore", at(name));
    const told = new RegExp(`^orca: ${at(name)} .*${why}.*Nothing was changed\\.\n$`, "s");
    expect({ name, ...ended }).toMatchObject({ code: 2, stderr: expect.stringMatching(told) as string });
  }
  expect(await orca.command("restore", at("newer.db"))).toMatchObject({
    code: 69,
    stderr: expect.stringContaining("9999_future") as string,
  });
  await orca.start();
  expect((await orca.get(`/workflows/${id}`))["status"]).toBe("completed");
});

test("tables are brought up to date by hand, and what is missing is told", async () => {
  expect(await orca.command("migrate", "--check")).toMatchObject({ code: 0 });
  const fresh = ["--database", `sqlite:${at("fresh.db")}`];
  expect(await orca.command("migrate", "--check", ...fresh)).toMatchObject({
    code: 1,
    stdout: expect.stringContaining("missing") as string,
  });
  const { code, stdout } = await orca.command("migrate", "--json", ...fresh);
  const { taken, up_to_date } = JSON.parse(stdout) as { taken: string[]; up_to_date: boolean };
  expect({ code, up_to_date, first: taken[0] }).toEqual({ code: 0, up_to_date: true, first: "0001_initial" });
  expect(await orca.command("migrate", "--check", ...fresh)).toMatchObject({ code: 0 });
});

test("a PostgreSQL database has tools of its own, which are told with the password starred out", async () => {
  const postgres = ["--database", "postgres://orca:secret@db.example/orca"];
  const backup = await orca.command("backup", "x.dump", ...postgres);
  expect(backup.code).toBe(2);
  expect(backup.stderr).toContain("pg_dump --format=custom --no-owner --file=x.dump");
  const restore = await orca.command("restore", "x.dump", ...postgres);
  expect(restore.code).toBe(2);
  expect(restore.stderr).toContain("pg_restore --clean --if-exists");
  for (const { stderr } of [backup, restore]) expect(stderr).toContain('"$ORCA_DATABASE"');
  expect(backup.stderr + restore.stderr).not.toContain("secret");
});

test("while a server has the file nobody else prunes it", async () => {
  expect(await orca.command("prune", "--dry-run")).toMatchObject({
    code: 69,
    stderr: expect.stringContaining("keeps workflows for ever, because retention.workflows_days") as string,
  });
  const configured = join(orca.directory, "orca.yaml");
  await appendFile(configured, "\nretention: { workflows_days: 90 }\n");
  expect(await orca.command("prune", "--dry-run")).toMatchObject({
    code: 69,
    stderr: expect.stringContaining("prunes by itself every hour what is older than 90 days") as string,
  });
  await orca.kill("SIGTERM");
  const { code, stdout } = await orca.command("prune", "--dry-run", "--days", "1", "--json");
  expect({ code, told: JSON.parse(stdout) as unknown }).toEqual({
    code: 0,
    told: {
      dry_run: true,
      workflows: 0,
      blobs: 0,
      blob_bytes: 0,
      idempotency_keys: 0,
      messages: 0,
      received_hooks: null,
    },
  });
});

function rows(file: string, sql: string): object[] {
  const database = new DatabaseSync(file, { readOnly: true });
  const found = database.prepare(sql).all();
  database.close();
  return found.map((row) => ({ ...row }));
}

/** Writes over pages in the middle of the file. */
async function damage(file: string): Promise<void> {
  const { open } = await import("node:fs/promises");
  const handle = await open(file, "r+");
  const { size } = await handle.stat();
  await handle.write(Buffer.alloc(size - 16_384, 0x5a), 0, size - 16_384, 8_192);
  await handle.close();
}
