import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { SecretError } from "../ports/secrets.ts";
import { createSecretResolver } from "./secret-resolver.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "orca-resolver-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

type World = {
  readonly stored?: Readonly<Record<string, string>>;
  readonly allowed?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
};

/** Secrets are stored for the tenant acme alone. */
function resolve(name: string, { stored = {}, allowed = [], environment = {} }: World, tenant = "acme") {
  const resolver = createSecretResolver({
    store: { read: (id, asked) => Promise.resolve(id === "acme" ? (stored[asked] ?? null) : null) },
    allowed,
    variable: (asked) => environment[asked],
  });
  return resolver.resolve(tenant, name);
}

async function messageOf(resolved: Promise<string>): Promise<string> {
  const error: unknown = await resolved.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(SecretError);
  expect((error as SecretError).code).toBe("secret_not_found");
  return (error as SecretError).message;
}

const file = async (content: string): Promise<string> => {
  const path = join(directory, `${performance.now()}`);
  await writeFile(path, content);
  return path;
};

describe("a secret is taken", () => {
  test("from the tenant's store before anything else", async () => {
    const world = { stored: { A: "stored" }, allowed: ["A"], environment: { A: "variable" } };
    expect(await resolve("A", world)).toBe("stored");
    expect(await resolve("A", world, "other")).toBe("variable");
  });

  test("from a variable before its file", async () => {
    const environment = { A: "variable", A_FILE: await file("file") };
    expect(await resolve("A", { allowed: ["A"], environment })).toBe("variable");
    expect(await resolve("A", { allowed: ["A"], environment: { ...environment, A: "" } })).toBe("file");
  });

  test.each([
    ["token\n", "token"],
    ["token\r\n\r\n", "token"],
    ["  token  ", "  token  "],
    ["-----BEGIN\nKEY\n-----END\n", "-----BEGIN\nKEY\n-----END"],
  ])("from a file without the newlines at its end: %j", async (content, value) => {
    expect(await resolve("A", { allowed: ["A"], environment: { A_FILE: await file(content) } })).toBe(value);
  });
});

describe("the server's environment", () => {
  const environment = { DATABASE_URL: "postgres://orca:hunter2@db/orca", OPENAI_API_KEY: "hunter2" };

  test.each([
    ["no name is listed", []],
    ["another name is", ["GITHUB_TOKEN"]],
    ["a name that begins so is", ["DATABASE_URL_2", "DATABASE"]],
    ["the same name in small letters is", ["database_url"]],
  ])("is closed to a tenant when %s", async (_, allowed) => {
    const message = await messageOf(resolve("DATABASE_URL", { allowed, environment }));
    expect(message).toContain("orca secrets set DATABASE_URL");
    expect(message).toContain("secrets.environment: [DATABASE_URL]");
    expect(message).not.toContain("hunter2");
  });

  test("does not tell whether a variable is set there that may not be read", async () => {
    const set = await messageOf(resolve("OPENAI_API_KEY", { environment }));
    expect(await messageOf(resolve("OPENAI_API_KEY", { environment: {} }))).toBe(set);
  });

  test("is not read by the name of a file's variable", async () => {
    const secrets = { A_FILE: await file("hunter2") };
    const byFile = await messageOf(resolve("A_FILE", { allowed: ["A"], environment: secrets }));
    expect(byFile).toContain("add A_FILE to");
    const byName = await messageOf(resolve("A", { allowed: ["A_FILE"], environment: secrets }));
    expect(byName).toContain("add A to");
  });
});

describe("what can't be used is refused, with what to do", () => {
  const allowed = ["A"];

  test("nothing anywhere", async () => {
    expect(await messageOf(resolve("A", { allowed }))).toMatch(/A_FILE.*orca secrets set A/);
  });

  test.each(["", " ", "\n"])("an empty value: %j", async (value) => {
    expect(await messageOf(resolve("A", { stored: { A: value } }))).toContain("is empty");
    const path = await file(value);
    expect(await messageOf(resolve("A", { allowed, environment: { A_FILE: path } }))).toContain("is empty");
  });

  test("a blank variable", async () => {
    expect(await messageOf(resolve("A", { allowed, environment: { A: "  " } }))).toContain("is empty");
  });

  test("a file that is not there, is a directory or is too long", async () => {
    const missing = join(directory, "missing");
    const asked = (A_FILE: string) => messageOf(resolve("A", { allowed, environment: { A_FILE } }));
    expect(await asked(missing)).toContain(`can't read ${missing} (ENOENT)`);
    expect(await asked(directory)).toContain("EISDIR");
    expect(await asked(await file("x".repeat(65_537)))).toContain("65537 bytes");
  });
});

test("a store that fails is not passed over", async () => {
  const resolver = createSecretResolver({
    store: { read: () => Promise.reject(new SecretError("another key", { code: "secret_unreadable" })) },
    allowed: ["A"],
    variable: () => "from the environment",
  });
  await expect(resolver.resolve("acme", "A")).rejects.toMatchObject({ code: "secret_unreadable" });
});
