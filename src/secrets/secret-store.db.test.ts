import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { ManualClock } from "../engine/testing/manual-clock.testsuite.ts";
import { SecretError } from "../ports/secrets.ts";
import type { SecretRow, Storage, TenantStorage } from "../ports/storage.ts";
import { openStorage } from "../storage/open-storage.ts";
import { freshTenant, recordingLogger } from "../storage/testsuite/store-under-test.testsuite.ts";
import { SecretKey } from "./secret-key.ts";
import { EncryptedSecretStore } from "./secret-store.ts";

const KEY = randomBytes(32).toString("base64");
const OTHER_KEY = randomBytes(32).toString("hex");
const VALUE = `canary-${randomBytes(16).toString("hex")}`;
const NAME = "GITHUB_TOKEN";

let directory: string;
let storage: Storage;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "orca-secrets-"));
  storage = await openStorage(`sqlite:${join(directory, "orca.db")}`, { logger: recordingLogger() });
});
afterAll(async () => {
  await storage.close();
  await rm(directory, { recursive: true, force: true });
});

const clock = new ManualClock();
const storeWith = (key: string | null, previousKey: string | null = null): EncryptedSecretStore =>
  new EncryptedSecretStore({ storage, clock, key, previousKey });

/** A tenant with one secret, and its row. */
async function stored(value = VALUE): Promise<{ tenant: string; rows: TenantStorage; row: SecretRow }> {
  const tenant = freshTenant();
  const rows = storage.forTenant(tenant);
  await storeWith(KEY).set(tenant, NAME, value);
  return { tenant, rows, row: (await rows.getSecret(NAME))! };
}

async function refusal(asked: Promise<unknown>): Promise<SecretError> {
  const error = await asked.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof SecretError)) throw new Error(`no SecretError: ${inspect(error)}`);
  expect(inspect(error)).not.toContain(VALUE);
  return error;
}

describe("a stored secret", () => {
  test("comes back as it was given, in any script and of any length", async () => {
    for (const value of [VALUE, "pass über 🗝\n", "x", "k".repeat(60_000), "-----BEGIN\nKEY\n-----END\n"]) {
      const { tenant } = await stored(value);
      expect(await storeWith(KEY).read(tenant, NAME)).toBe(value);
    }
  });

  test("is the newest that was set, and tells since when it is there", async () => {
    const { tenant } = await stored();
    const since = clock.now().toISOString();
    clock.advance(1_000);
    const now = clock.now().toISOString();
    const expected = { name: NAME, created_at: since, updated_at: now };
    expect(await storeWith(KEY).set(tenant, NAME, "another")).toEqual(expected);
    expect(await storeWith(KEY).read(tenant, NAME)).toBe("another");
    expect(await storeWith(KEY).list(tenant)).toEqual([expected]);
  });

  test("is nowhere in the files of the database", async () => {
    await stored();
    const files = await readdir(directory);
    expect(files).toContain("orca.db");
    const bytes = Buffer.concat(await Promise.all(files.map((file) => readFile(join(directory, file)))));
    const clear = Buffer.from(VALUE);
    for (const form of [VALUE, clear.toString("base64"), clear.toString("hex")])
      expect(bytes.includes(form)).toBe(false);
    expect(bytes.includes(NAME)).toBe(true);
  });

  test("looks different each time it is set", async () => {
    const { row, rows, tenant } = await stored();
    await storeWith(KEY).set(tenant, NAME, VALUE);
    const again = (await rows.getSecret(NAME))!;
    expect(again.nonce).not.toBe(row.nonce);
    expect(again.ciphertext).not.toBe(row.ciphertext);
  });

  test("is another tenant's business in no way", async () => {
    await stored();
    const other = freshTenant();
    expect(await storeWith(KEY).read(other, NAME)).toBeNull();
    expect(await storeWith(KEY).list(other)).toEqual([]);
    expect(await storeWith(KEY).delete(other, NAME)).toBe(false);
  });

  test("is gone once deleted", async () => {
    const { tenant } = await stored();
    expect(await storeWith(KEY).delete(tenant, NAME)).toBe(true);
    expect(await storeWith(KEY).delete(tenant, NAME)).toBe(false);
    expect(await storeWith(KEY).read(tenant, NAME)).toBeNull();
  });
});

describe("a row that was tampered with does not open", () => {
  const DAMAGED = "secret_unreadable: damaged";
  const opened = async (tenant: string, name = NAME): Promise<string> => {
    const { code, message } = await refusal(storeWith(KEY).read(tenant, name));
    return `${code}: ${message.includes("is damaged") ? "damaged" : message}`;
  };

  test("at any flipped bit of its content, its tag or its nonce", async () => {
    const { tenant, rows, row } = await stored("short");
    for (const field of ["ciphertext", "nonce"] as const) {
      const bytes = Buffer.from(row[field], "base64");
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        const flipped = Buffer.from(bytes);
        flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        await rows.putSecret({ ...row, [field]: flipped.toString("base64") });
        expect(await opened(tenant)).toBe(DAMAGED);
      }
    }
  });

  test("when it is cut short", async () => {
    const { tenant, rows, row } = await stored();
    for (const change of [
      { ciphertext: "" },
      { ciphertext: row.ciphertext.slice(0, 8) },
      { ciphertext: row.ciphertext.slice(0, -8) },
      { nonce: "" },
      { nonce: row.nonce.slice(0, 8) },
    ]) {
      await rows.putSecret({ ...row, ...change });
      expect(await opened(tenant)).toBe(DAMAGED);
    }
  });

  test("under another name", async () => {
    const { tenant, rows, row } = await stored();
    await rows.putSecret({ ...row, name: "ALLOWED" });
    expect(await opened(tenant, "ALLOWED")).toBe(DAMAGED);
  });

  test("with another tenant", async () => {
    const { row } = await stored();
    const thief = freshTenant();
    await storage.forTenant(thief).putSecret(row);
    expect(await opened(thief)).toBe(DAMAGED);
  });

  test("and is no reason for others not to open", async () => {
    const { tenant, rows, row } = await stored();
    await rows.putSecret({ ...row, name: "MOVED" });
    expect(await storeWith(KEY).readAll(tenant)).toEqual(new Map([[NAME, VALUE]]));
  });
});

describe("without the right key", () => {
  test("another key is told apart from damage", async () => {
    const { tenant, row } = await stored();
    const error = await refusal(storeWith(OTHER_KEY).read(tenant, NAME));
    expect(error.code).toBe("secret_unreadable");
    expect(error.message).toContain(`under another key (key id ${row.key_id}`);
    expect(error.message).toContain("secrets.previous_key");
  });

  test("none is asked for by its name", async () => {
    const { tenant } = await stored();
    const error = await refusal(storeWith(null).read(tenant, NAME));
    expect(error.code).toBe("secret_key_missing");
    expect(error.message).toContain("ORCA_SECRET_KEY");
  });

  test("nothing can be set, and the message says how to get one", async () => {
    const tenant = freshTenant();
    for (const asked of [storeWith(null).set(tenant, NAME, VALUE), storeWith(null).rotate(tenant)]) {
      const error = await refusal(asked);
      expect(error.code).toBe("secret_key_missing");
      expect(error.message).toMatch(/openssl rand -base64 32.*ORCA_SECRET_KEY.*ORCA_SECRET_KEY_FILE/);
    }
    expect(await storeWith(null).read(tenant, NAME)).toBeNull();
  });

  test("names can be read and secrets deleted, so that a lost key is no dead end", async () => {
    const { tenant } = await stored();
    expect(await storeWith(null).list(tenant)).toMatchObject([{ name: NAME }]);
    expect(await storeWith(null).delete(tenant, NAME)).toBe(true);
  });
});

describe("a change of keys", () => {
  test("reads with both and writes with the new one", async () => {
    const { tenant, rows, row } = await stored();
    const both = storeWith(OTHER_KEY, KEY);
    expect(await both.read(tenant, NAME)).toBe(VALUE);
    await both.set(tenant, "SECOND", "another");
    expect((await rows.getSecret("SECOND"))?.key_id).toBe(new SecretKey(OTHER_KEY).id);
    expect((await rows.getSecret(NAME))?.key_id).toBe(row.key_id);
  });

  test("rotates what is under the previous key, once", async () => {
    const { tenant, rows, row } = await stored();
    const both = storeWith(OTHER_KEY, KEY);
    await both.set(tenant, "SECOND", "another");
    expect(await both.rotate(tenant)).toEqual({ rotated: 1, unreadable: [] });
    expect(await both.rotate(tenant)).toEqual({ rotated: 0, unreadable: [] });
    const rotated = await rows.getSecret(NAME);
    expect(rotated).toMatchObject({ created_at: row.created_at, updated_at: row.updated_at });
    expect(await storeWith(OTHER_KEY).read(tenant, NAME)).toBe(VALUE);
    expect(await storeWith(OTHER_KEY).read(tenant, "SECOND")).toBe("another");
  });

  test("names what no key opens and leaves it alone", async () => {
    const { tenant, rows, row } = await stored();
    await rows.putSecret({ ...row, name: "MOVED" });
    const before = await rows.listSecrets();
    expect(await storeWith(OTHER_KEY).rotate(tenant)).toEqual({ rotated: 0, unreadable: [NAME, "MOVED"] });
    expect(await storeWith(OTHER_KEY, KEY).rotate(tenant)).toEqual({ rotated: 1, unreadable: ["MOVED"] });
    expect(before.find(({ name }) => name === "MOVED")).toEqual(await rows.getSecret("MOVED"));
  });

  test("does not bring back what was set meanwhile", async () => {
    const { tenant } = await stored();
    const both = storeWith(OTHER_KEY, KEY);
    const raced: Pick<Storage, "forTenant"> = {
      forTenant: (id) =>
        new Proxy(storage.forTenant(id), {
          get: (target, property) => {
            if (property !== "listSecrets")
              return (Reflect.get(target, property) as (...given: unknown[]) => unknown).bind(target);
            return async () => {
              const rows = await target.listSecrets();
              await both.set(id, NAME, "set meanwhile");
              return rows;
            };
          },
        }),
    };
    const rotating = new EncryptedSecretStore({ storage: raced, clock, key: OTHER_KEY, previousKey: KEY });
    expect(await rotating.rotate(tenant)).toEqual({ rotated: 0, unreadable: [] });
    expect(await both.read(tenant, NAME)).toBe("set meanwhile");
  });
});

test("a key prints as its id alone, however it was written", () => {
  const bytes = Buffer.from(KEY, "base64");
  const written = [KEY, bytes.toString("hex"), bytes.toString("hex").toUpperCase()];
  const keys = written.map((text) => new SecretKey(text));
  expect(new Set(keys.map(({ id }) => id)).size).toBe(1);
  const shown = keys.map((key) => inspect(key, { showHidden: true, depth: 9 }) + JSON.stringify(key)).join();
  for (const text of written) expect(shown).not.toContain(text);
});
