import { describe, expect, test } from "vitest";

import { findLiteralSecret, holdsToken, literalSecrets } from "./literal-secrets.ts";

/** Put together here, so that no file of the repository holds what looks like a token. */
const made = (...parts: readonly string[]): string => parts.join("");
const LETTERS = "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA1bC2dE3f";

const TOKENS: readonly (readonly [kind: string, token: string])[] = [
  ["of GitHub", made("gh", "p_", LETTERS.slice(0, 36))],
  ["of an app of GitHub", made("gh", "s_", LETTERS.slice(0, 36))],
  ["of GitHub's OAuth", made("gh", "o_", LETTERS.slice(0, 36))],
  ["of GitHub, fine-grained", made("github", "_pat_", LETTERS, "_", LETTERS)],
  ["of GitLab", made("gl", "pat-", LETTERS.slice(0, 20))],
  ["of Slack", made("xo", "xb-1234567890-", LETTERS.slice(0, 12))],
  ["of a model provider", made("s", "k-", LETTERS)],
  ["of a model provider's project", made("s", "k-proj-", LETTERS)],
  ["of Stripe", made("s", "k_live_", LETTERS.slice(0, 24))],
  ["of AWS", made("AK", "IA", "ABCDEFGHIJKLMNOP")],
  ["of Google", made("AI", "za", LETTERS.slice(0, 35))],
  ["of npm", made("np", "m_", LETTERS.slice(0, 36))],
  ["to sign webhooks with", made("wh", "sec_", LETTERS.slice(0, 32))],
  [
    "to post to Slack",
    made("https://hooks.slack", ".com/services/T000AAAA1/B000BBBB2/", LETTERS.slice(0, 24)),
  ],
  ["to post to Discord", made("https://discord", ".com/api/webhooks/1234567890/", LETTERS)],
  [
    "to post to Discord, by version",
    made("https://ptb.discordapp", ".com/api/v10/webhooks/1234567890/", LETTERS),
  ],
  ["that is borne", made("Bea", "rer ", LETTERS.slice(0, 20))],
  ["that is a login", made("Ba", "sic ", btoa("orca:hunter2"))],
  ["of JSON", [btoa('{"alg":"HS256"}'), btoa('{"sub":"orca1"}'), LETTERS].join(".")],
  ["that is a private key", made("-----BEGIN RSA ", "PRIVATE KEY", "-----\nMII")],
];

describe("a token", () => {
  test.each(TOKENS)("%s is found in any field, alone or inside a text", (_, token) => {
    expect(findLiteralSecret({ branch: "main", body: { note: token } })).toBe("/body/note");
    expect(findLiteralSecret({ notes: ["fine", `take ${token} for it`] })).toBe("/notes/1");
    expect(holdsToken(token)).toBe(true);
  });

  test("in the name of a field is found, and is in no pointer", () => {
    const [[, token] = ["", ""]] = TOKENS;
    expect(findLiteralSecret({ labels: { [token]: 1 } })).toBe("/labels");
    expect(literalSecrets({ labels: { [token]: { password: "x" } } }).map(({ pointer }) => pointer)).toEqual([
      "/labels",
      "/labels//password",
    ]);
  });

  test.each([
    "A token begins with ghp_, github_pat_, glpat-, xoxb- or sk-.",
    "docs/sk-learn-and-other-things-to-know-about.md",
    "task-list-of-the-whole-team-for-november",
    "AKIA is a prefix; whsec_ too",
    "-----BEGIN CERTIFICATE-----",
    "orca/landing-page-4f2a91c0",
    "Bearer authentication-and-authorization, basic understanding of Basic authentication",
    "the bearer of this letter, Basic 1234567890abcdef",
    "https://hooks.slack.com/services and https://discord.com/api/webhooks are for posting",
    "eyJ begins a token; a.b.c has three parts",
    "ann.smith@eyjafjallajokull.example.com",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  ])("is not seen in: %s", (text) => {
    expect(findLiteralSecret({ text })).toBeNull();
    expect(holdsToken(text)).toBe(false);
  });
});

describe("a field for secrets", () => {
  test.each([
    "token",
    "github_token",
    "githubToken",
    "access-token",
    "tokens",
    "password",
    "smtpPassword",
    "passphrase",
    "passwd",
    "secret",
    "client_secret",
    "webhookSecret",
    "api_key",
    "apiKey",
    "x-api-key",
    "private_key",
    "signing_key",
    "Authorization",
    "cookie",
    "credentials",
  ])("%s takes nothing but a reference", (key) => {
    expect(findLiteralSecret({ [key]: "hunter2" })).toBe(`/${key}`);
    expect(findLiteralSecret({ [key]: "secret://HUNTER" })).toBeNull();
    expect(findLiteralSecret({ auth: [{ [key]: { value: ["hunter2"] } }] })).toBe(`/auth/0/${key}/value/0`);
  });

  test("takes no number either, unless it counts", () => {
    expect(findLiteralSecret({ password: 12_345_678 })).toBe("/password");
    expect(findLiteralSecret({ max_tokens: 12_345_678 })).toBeNull();
  });

  test.each([
    ["an empty text", { token: "" }],
    ["nothing", { token: null, password: undefined }],
    ["yes or no", { secret: true }],
    ["a name that only holds such a word", { tokenizer: "bpe", secretary: "Ann", keyboard: "de", keys: "k" }],
  ])("is not one with %s", (_, value) => {
    expect(findLiteralSecret(value)).toBeNull();
  });

  test.each([
    "secret://",
    "secret://9",
    "secret://a b",
    "Secret://A",
    "secret://A\n",
    " secret://A",
    "$TOKEN",
  ])("does not take %j for a reference", (text) => {
    expect(findLiteralSecret({ token: text })).toBe("/token");
  });
});

describe("a URL", () => {
  test.each([
    ["https://orca:hunter2@example.com/a.git", "hunter2"],
    ["see postgres://orca:p%40ss@db/orca, please", "p%40ss"],
    ["https://:hunter2@example.com", "hunter2"],
    ["https://${USER}:${PASSWORD}@db and smtp://a:hunter2@mail", "hunter2"],
  ])("with a password is found: %s", (text, value) => {
    expect(literalSecrets({ url: text })).toEqual([{ pointer: "/url", value }]);
  });

  test.each([
    ["https://example.com/hook?token=hunter2", "hunter2"],
    ["post to https://example.com/hook?a=1&api_key=hunter2&b=2, please", "hunter2"],
    ["https://example.com/#access_token=hunter2", "hunter2"],
    ["/hook?apiKey=hunter2", "hunter2"],
    ["https://example.com/?client_secret=hunter2", "hunter2"],
    ["https://example.com/?x-api-key=hunter2", "hunter2"],
  ])("with a secret in its query is found: %s", (text, value) => {
    expect(literalSecrets({ url: text })).toEqual([{ pointer: "/url", value }]);
  });

  test.each([
    "https://example.com/hook?token=secret://HOOK_TOKEN",
    "https://example.com/hook?token=${TOKEN}&api_key=<key>&access_token=***",
    "https://example.com/hook?token=…",
    "https://example.com/list?page_token=abcdef&token_type=bearer&tokens=100&q=token",
    "https://example.com/search?q=api_key&sort=-created&keys=a,b&author=ann",
    "feature/token=store",
    "https://github.com/acme/site",
    "https://example.com:8443/a@b",
    "https://orca@example.com",
    "https://orca:${PASSWORD}@example.com",
    "https://orca:****@example.com",
    "https://orca:<password>@example.com",
    "git@github.com:acme/site.git",
    "mailto:someone@example.com",
  ])("without one is none: %s", (url) => {
    expect(findLiteralSecret({ url })).toBeNull();
  });
});

test("the first of several is told, as it is read", () => {
  const value = { a: [{ b: 1 }, { token: "one" }], c: { password: "two" }, token: "three" };
  expect(findLiteralSecret(value)).toBe("/a/1/token");
  expect(literalSecrets(value).map((secret) => secret.value)).toEqual(["one", "two", "three"]);
});

test("a pointer is escaped as RFC 6901 says", () => {
  expect(findLiteralSecret({ "a/b": { "c~d": { token: "x" } } })).toBe("/a~1b/c~0d/token");
});

test.each([null, 5, true, "text", [], {}])("of %j itself there is none", (value) => {
  expect(findLiteralSecret(value)).toBeNull();
});

test("a value that stands there by itself has an empty pointer", () => {
  expect(findLiteralSecret(TOKENS[0]?.[1])).toBe("");
});

test.each([
  ["deep", (): unknown => Array.from({ length: 50_000 }).reduce((inner: unknown) => ({ inner }), "x")],
  ["made of addresses", () => "a://".repeat(60_000)],
  ["made of passwords", () => "a://b:".repeat(40_000)],
  ["made of prefixes", () => "sk-".repeat(80_000)],
  ["made of schemes", () => made("Bea", "rer ").repeat(40_000)],
  ["made of blanks", () => made("Ba", "sic", " ".repeat(300_000))],
  ["made of beginnings of JSON", () => made("ey", "J").repeat(100_000)],
  ["made of parts of JSON", () => made("ey", "J", "a".repeat(12), ".", "a".repeat(12), ". ").repeat(10_000)],
  ["made of queries", () => "?token=&".repeat(40_000)],
])("a value that is %s takes no longer", (_, make) => {
  const value = make();
  const started = performance.now();
  expect(findLiteralSecret(value)).toBeNull();
  expect(performance.now() - started).toBeLessThan(3_000);
});
