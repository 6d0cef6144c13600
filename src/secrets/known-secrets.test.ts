import { expect, test } from "vitest";

import { SecretError } from "../ports/secrets.ts";
import { createKnownSecrets } from "./known-secrets.ts";
import { createSecretResolver } from "./secret-resolver.ts";

const STORED = new Map([
  ["TOKEN", "stored token"],
  ["SHARED", "stored for both"],
]);
const ENVIRONMENT: Readonly<Record<string, string>> = {
  SHARED: "of the environment",
  SMTP_PASSWORD: "of the server",
  DATABASE_URL: "not for tenants",
};

function knownTo(tenant: string, allowed: readonly string[]): Promise<readonly string[]> {
  const none = new Map<string, string>();
  const store = {
    readAll: (id: string) => Promise.resolve(id === "acme" ? STORED : none),
    read: (id: string, name: string) => Promise.resolve((id === "acme" ? STORED : none).get(name) ?? null),
  };
  const resolver = createSecretResolver({ store, allowed, variable: (name) => ENVIRONMENT[name] });
  return createKnownSecrets({ store, resolver, allowed })(tenant);
}

test("are what the tenant has stored and may have of the environment, each once", async () => {
  const allowed = ["SHARED", "SMTP_PASSWORD", "NOT_SET"];
  expect(await knownTo("acme", allowed)).toEqual(["stored token", "stored for both", "of the server"]);
  expect(await knownTo("other", allowed)).toEqual(["of the environment", "of the server"]);
  expect(await knownTo("other", [])).toEqual([]);
});

test("a store that does not answer is no empty store", async () => {
  const known = createKnownSecrets({
    store: { readAll: () => Promise.reject(new Error("the database is away")) },
    resolver: { resolve: () => Promise.reject(new SecretError("none")) },
    allowed: ["A"],
  });
  await expect(known("acme")).rejects.toThrow("the database is away");
});
