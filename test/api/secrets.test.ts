import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { systemClock } from "../../src/app/system-clock.ts";
import { SecretView } from "../../src/contract/secret-view.ts";
import { EncryptedSecretStore } from "../../src/secrets/secret-store.ts";
import { type Api, openApi, problemIn, STORES } from "./open-api.ts";

const SECRETS = "/api/v1/secrets";
const KEY = randomBytes(32).toString("base64");
const OTHER_KEY = randomBytes(32).toString("hex");
const secretsWith = (key: string | null, previous_key: string | null = null) => ({
  secrets: { key, previous_key, environment: [] },
});
const canary = (): string => `canary-${randomBytes(16).toString("hex")}`;

function put(api: Api, name: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return api.call(`${SECRETS}/${name}`, {
    method: "PUT",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

function remove(api: Api, name: string, headers: Record<string, string> = {}): Promise<Response> {
  return api.call(`${SECRETS}/${name}`, { method: "DELETE", headers });
}

async function namesOf(api: Api, headers: Record<string, string> = {}): Promise<string[]> {
  const { data } = (await (await api.call(SECRETS, { headers })).json()) as { data: unknown[] };
  return data.map((row) => SecretView.strict().parse(row).name);
}

describe.each(STORES)("secrets on %s", (store) => {
  let api: Api;
  beforeAll(async () => {
    api = await openApi({ store, config: secretsWith(KEY) });
  });
  afterAll(() => api.close());
  const resolve = (name: string, tenant = "default") => api.secrets.resolver.resolve(tenant, name);

  test("are stored, replaced, found for a delivery and deleted", async () => {
    const [first, second] = [canary(), canary()];
    const stored = await put(api, "TOKEN", { value: first });
    expect(stored.status).toBe(201);
    const { created_at } = SecretView.strict().parse(await stored.json());
    expect(await resolve("TOKEN")).toBe(first);

    await expect.poll(() => new Date().toISOString()).not.toBe(created_at);
    const replaced = await put(api, "TOKEN", { value: second });
    expect(replaced.status).toBe(200);
    expect(await replaced.json()).toMatchObject({ name: "TOKEN", created_at });
    expect(await resolve("TOKEN")).toBe(second);

    expect((await remove(api, "TOKEN")).status).toBe(204);
    const gone = await remove(api, "TOKEN");
    expect(gone.status).toBe(404);
    expect(await problemIn(gone)).toMatchObject({ code: "secret_not_found" });
    await expect(resolve("TOKEN")).rejects.toThrow("There is no secret TOKEN");
  });

  test("are a tenant's own", async () => {
    const acme = { "x-tenant-id": "acme" };
    const value = canary();
    await put(api, "OURS", { value }, acme);
    expect(await namesOf(api, acme)).toEqual(["OURS"]);
    expect(await namesOf(api)).not.toContain("OURS");
    expect((await remove(api, "OURS")).status).toBe(404);
    expect(await resolve("OURS", "acme")).toBe(value);
    await expect(resolve("OURS")).rejects.toThrow("There is no secret OURS");
  });

  test("are listed by name, page by page", async () => {
    const headers = { "x-tenant-id": "pages" };
    for (const name of ["C", "A", "B"]) await put(api, name, { value: canary() }, headers);
    const first = await api.call(`${SECRETS}?limit=2`, { headers });
    const page = (await first.json()) as { data: { name: string }[]; next_cursor: string };
    expect(page.data.map(({ name }) => name)).toEqual(["A", "B"]);
    const next = await api.call(`${SECRETS}?limit=2&cursor=${page.next_cursor}`, { headers });
    expect(await next.json()).toMatchObject({ data: [{ name: "C" }], next_cursor: null });
  });
});

describe("the value of a secret", () => {
  test("is in no answer, no log line, no event and no file of the server", async () => {
    const api = await openApi({ config: secretsWith(KEY) });
    try {
      const value = canary();
      const keyed = { "idempotency-key": "once" };
      const answers = [
        await put(api, "CANARY", { value }, keyed),
        await put(api, "CANARY", { value }, keyed),
        await put(api, "CANARY", { value, more: value }),
        await put(api, "CANARY", [value]),
        await put(api, "CANARY", { value: { value } }),
        await put(api, "CANARY", { value: value.repeat(2_000) }),
        await api.call(`${SECRETS}/CANARY`, { method: "PUT", body: value }),
        await rawPut(api, `"${value}`),
        await rawPut(api, `{"value":"${value}",}`),
        await rawPut(api, `{"value":"${value}\\u0000"}`),
        await api.call(SECRETS),
        await api.post(`${SECRETS}/rotate`, {}, keyed),
        await remove(api, "MISSING"),
      ];
      const { id } = await api.create();
      await api.closed(id);
      const events = await api.call(`/api/v1/workflows/${id}/events?limit=1000`);
      const told = await Promise.all([...answers, events].map((answer) => answer.text()));
      expect(answers.map(({ status }) => status)).toEqual([
        201, 200, 422, 422, 422, 422, 415, 400, 400, 422, 200, 200, 404,
      ]);
      const stored = await filesOf(api.parts.config.data_dir);
      expect(stored.includes("CANARY")).toBe(true);
      for (const form of [value, Buffer.from(value).toString("base64"), Buffer.from(value).toString("hex")]) {
        expect(stored.includes(form)).toBe(false);
        expect(told.join("\n")).not.toContain(form);
        expect(JSON.stringify(api.logged)).not.toContain(form);
      }
      // Else it would prove nothing.
      expect(await api.secrets.resolver.resolve("default", "CANARY")).toBe(value);
      expect(api.logged.map(({ path }) => path)).toContain(`${SECRETS}/CANARY`);
    } finally {
      await api.close();
    }
  });
});

describe("what is refused", () => {
  let api: Api;
  beforeAll(async () => {
    api = await openApi({ config: secretsWith(KEY) });
  });
  afterAll(() => api.close());

  test.each([
    "9A",
    "A-B",
    "A.B",
    "A%20B",
    "%C3%84",
    "..%2f..",
    "A".repeat(129),
    ["gh", "p_", "aB3".repeat(12)].join(""),
  ])("the name %s", async (name) => {
    for (const answer of [await put(api, name, { value: canary() }), await remove(api, name)]) {
      expect(answer.status).toBe(422);
      const problem = await problemIn(answer);
      expect(problem).toMatchObject({ code: "invalid_secret_name", errors: [{ pointer: "/path/name" }] });
      expect(problem.detail).not.toContain(name);
    }
    expect(await namesOf(api)).toEqual([]);
  });

  test.each([
    ["no value", {}, "/value"],
    ["an empty one", { value: "" }, "/value"],
    ["a blank one", { value: " \n" }, "/value"],
    ["a number", { value: 12_345_678 }, "/value"],
    ["one that is too long", { value: "x".repeat(65_537) }, "/value"],
    ["another field", { value: "fine", tenant: "acme" }, "/tenant"],
  ])("%s", async (_, body, pointer) => {
    const answer = await put(api, "A", body);
    expect(answer.status).toBe(422);
    expect(await problemIn(answer)).toMatchObject({ code: "invalid_request", errors: [{ pointer }] });
  });

  test.each(["hunter2", '{"value":hunter2}'])(
    "a body that is not JSON, without a piece of it: %s",
    async (body) => {
      const answer = await rawPut(api, body);
      expect(answer.status).toBe(400);
      expect(await answer.text()).not.toContain("hunter2");
    },
  );

  test("a body that is longer than any request may be", async () => {
    expect((await put(api, "A", { value: "x".repeat(300_000) })).status).toBe(413);
  });

  test("other methods, and reading a value back", async () => {
    const answer = await api.call(`${SECRETS}/A`);
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe("PUT, DELETE");
  });

  test("a page of another site", async () => {
    const answer = await put(api, "A", { value: canary() }, { origin: "https://evil.example" });
    expect(answer.status).toBe(403);
    expect((await remove(api, "A", { "sec-fetch-site": "cross-site" })).status).toBe(403);
  });
});

test("without a key nothing can be stored, and the answer says how to get one", async () => {
  const api = await openApi({ config: secretsWith(null) });
  try {
    for (const answer of [await put(api, "A", { value: canary() }), await api.post(`${SECRETS}/rotate`)]) {
      expect(answer.status).toBe(409);
      const { code, detail } = await problemIn(answer);
      expect(code).toBe("secret_key_missing");
      expect(detail).toMatch(/openssl rand -base64 32.*ORCA_SECRET_KEY/);
    }
    expect(await namesOf(api)).toEqual([]);
  } finally {
    await api.close();
  }
});

test("after a change of keys all are encrypted with the new one, and those that no key opens are named", async () => {
  const api = await openApi({ config: secretsWith(OTHER_KEY, KEY) });
  try {
    const { secrets, storage } = api;
    const storeWith = (key: string) =>
      new EncryptedSecretStore({ storage, clock: systemClock, key, previousKey: null });
    await storeWith(KEY).set("default", "OLD", "of the key before");
    await storeWith("ab".repeat(32)).set("default", "LOST", "of a key that is gone");
    await put(api, "NEW", { value: "of the new key" });
    const answer = await api.post(`${SECRETS}/rotate`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ rotated: 1, unreadable: ["LOST"] });
    expect(await storeWith(OTHER_KEY).read("default", "OLD")).toBe("of the key before");
    await expect(secrets.resolver.resolve("default", "LOST")).rejects.toThrow("under another key");
  } finally {
    await api.close();
  }
});

test("a server that goes down stores nothing more", async () => {
  const shutdown = new AbortController();
  const api = await openApi({
    config: secretsWith(KEY),
    wrap: (parts) => ({ ...parts, shutdown: shutdown.signal }),
  });
  try {
    shutdown.abort();
    for (const answer of [await put(api, "A", { value: canary() }), await remove(api, "A")]) {
      expect(answer.status).toBe(503);
      expect(await problemIn(answer)).toMatchObject({ code: "shutting_down" });
    }
  } finally {
    await api.close();
  }
});

function rawPut(api: Api, body: string): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return api.call(`${SECRETS}/CANARY`, { method: "PUT", headers, body });
}

async function filesOf(directory: string): Promise<Buffer> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Buffer.concat(await Promise.all(files.map((file) => readFile(`${file.parentPath}/${file.name}`))));
}
