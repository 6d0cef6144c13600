import { expect, test } from "vitest";

import { serverSecrets } from "./server-secrets.ts";

const KEY = "k3y-of-the-provider-0123";

test.each([
  ["a provider's key", { providers: [{ name: "rack", api_key: KEY }] }, [KEY]],
  [
    "the password of a database",
    { database: "postgres://orca:p4ss%40word-of-orca@db/orca" },
    ["p4ss%40word-of-orca", "p4ss@word-of-orca"],
  ],
  [
    "a header with and without its scheme",
    { headers: { Authorization: `Bearer ${KEY}` } },
    [`Bearer ${KEY}`, KEY],
  ],
  ["what a hook is signed with", { hooks: { github: [{ secret: KEY }] } }, [KEY]],
])("are found: %s", (_, config, expected) => {
  expect(serverSecrets(config)).toEqual(expected);
});

test.each([
  ["the password of every other database", { database: "postgres://postgres:postgres@localhost/orca" }],
  ["a key that is none", { api_key: "not-needed" }],
  ["a reference", { secret: "secret://GITHUB_HOOK" }],
  ["a number that counts", { max_tokens: 200_000_000_000 }],
  ["a database without a password", { database: "sqlite:/var/lib/orca/orca.db" }],
])("are not taken for secrets: %s", (_, config) => {
  expect(serverSecrets(config)).toEqual([]);
});
