import { generateKeyPairSync, hash } from "node:crypto";

import { expect, test } from "vitest";

import { SecretError } from "../ports/secrets.ts";
import { createSecretScanner } from "./secret-scanner.ts";

const scanner = createSecretScanner({ always: [] });
const scan = (content: string, known: readonly string[] = [], path = "src/a.txt") =>
  scanner.scan([{ path, content }], known);

const LETTERS = hash("sha512", "orca", "base64").replaceAll(/[^A-Za-z0-9]/g, "");
/** Made here, so that no file of the repository holds what looks like a token. */
const letters = (length: number): string =>
  LETTERS.repeat(Math.ceil(length / LETTERS.length)).slice(0, length);
const GITHUB = ["gh", "p_", letters(36)].join("");

const edge = (begin: string, more = ""): string => `-----${begin} PRIVATE KEY${more}-----`;
const RSA = generateKeyPairSync("rsa", { modulusLength: 2048 })
  .privateKey.export({ type: "pkcs8", format: "pem" })
  .toString();
const ED25519 = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();

test.each([
  ["github", GITHUB],
  ["github", ["github", "_pat_", letters(22), "_", letters(59)].join("")],
  ["gitlab", ["glp", "at-", letters(20)].join("")],
  ["openai", ["s", "k-proj-", letters(74), "T3", "Bl", "bk", "FJ", letters(74)].join("")],
  ["openai", ["s", "k-", letters(48)].join("")],
  ["anthropic", ["s", "k-ant-api03-", letters(93), "AA"].join("")],
  ["stripe", ["s", "k_live_", letters(24)].join("")],
  ["npm", ["n", "pm_", letters(36)].join("")],
  ["google", ["AI", "za", letters(35)].join("")],
  ["webhook signing", ["wh", "sec_", letters(32)].join("")],
  ["aws", `aws_secret_access_key = ${letters(40)}`],
  ["database connection string", `postgres://orca:${letters(16)}@db.example.com/orca`],
  ["basicauth", `https://orca:${letters(16)}@example.com/orca.git`],
  ["privatekey", RSA],
  ["privatekey", JSON.stringify(RSA)],
  ["privatekey", RSA.slice(0, 120)],
  ["privatekey", ED25519],
  ["privatekey", ED25519.replaceAll("\n", "\r\n")],
  ["privatekey", `${edge("BEGIN PGP", " BLOCK")}\nVersion: 1\nComment: x\n\nl${letters(60)}`],
])("finds a token of kind %s, and says where", async (kind, token) => {
  const found = await scan(`first line\nvalue: "${token}"\nlast line\n`);
  expect(found).toContainEqual({ path: "src/a.txt", line: 2, kind });
  expect(JSON.stringify(found)).not.toContain(token.slice(-20));
});

test.each([
  ["a placeholder", `token: ghp_${"x".repeat(36)}, glpat-${"X".repeat(20)}, npm_${"0".repeat(36)}`],
  ["a key from the vendor's documentation", "AKIAIOSFODNN7EXAMPLE"],
  ["the example of Standard Webhooks", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
  ["a prefix alone", "A token begins with ghp_, github_pat_, sk- or xoxb-; a key with -----BEGIN."],
  ["a variable in a URL", "postgres://user:${PASSWORD}@db/orca and https://example.com/a@b"],
  ["code", "const token = readToken(process.env.GITHUB_TOKEN ?? '');\nfunction apiKey() {}"],
  ["a hash", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
])("takes %s for no secret", async (_, text) => {
  expect(await scan(text)).toEqual([]);
});

test("a file can't switch it off", async () => {
  for (const path of ["a.js", "a.txt", "a.env"]) {
    for (const directive of ["secretlint-disable", "secretlint-disable-next-line", "eslint-disable"]) {
      const text = `// ${directive}\nconst a = "${GITHUB}"; // secretlint-disable-line\n`;
      expect(await scan(text, [], path)).toEqual([{ path, line: 2, kind: "github" }]);
    }
  }
});

const KNOWN = "correct horse/battery+staple?";
const bytes = Buffer.from(KNOWN);

test.each([
  ["as it is", KNOWN],
  ["base64", bytes.toString("base64")],
  ["base64 of an address", bytes.toString("base64url")],
  ["base64 behind a user, as in an Authorization header", Buffer.from(`orca:${KNOWN}`).toString("base64")],
  ["base64 inside a text", Buffer.from(`ab ${KNOWN} and more`).toString("base64")],
  ["hexadecimal", bytes.toString("hex")],
  ["large hexadecimal", bytes.toString("hex").toUpperCase()],
  ["an address", encodeURIComponent(KNOWN)],
  ["reversed", Array.from(KNOWN).toReversed().join("")],
])("finds a known secret written %s", async (_, form) => {
  const kind = "a stored or configured secret";
  expect(await scan(`a\nb ${form} c`, [KNOWN])).toEqual([{ path: "src/a.txt", line: 2, kind }]);
  const installation = createSecretScanner({ always: [KNOWN] });
  expect(await installation.scan([{ path: "b", content: form }], [])).toEqual([{ path: "b", line: 1, kind }]);
});

test("finds one in JSON, with its quotes escaped", async () => {
  const known = 'pass "word"\nwith lines';
  expect(await scan(JSON.stringify({ known }), [known])).toHaveLength(1);
});

test("a known value too short to be told from other text stops nothing", async () => {
  expect(await scan("the text of a test", ["test", ""])).toEqual([]);
});

test("finds one in a path, and does not repeat it", async () => {
  const files = [
    { path: "README.md", content: "fine" },
    { path: `keys/${GITHUB}.txt`, content: `again ${GITHUB}` },
    { path: `${KNOWN}.txt`, content: "fine" },
  ];
  const found = await scanner.scan(files, [KNOWN]);
  expect(found).toEqual([
    { path: "the list of paths", line: 2, kind: "github" },
    { path: "the list of paths", line: 3, kind: "a stored or configured secret" },
    { path: "file 2", line: 1, kind: "github" },
  ]);
});

test("finds what lies across the borders of the parts in which it reads", async () => {
  const size = 131_072;
  const filler = `${"x".repeat(63)}\n`;
  for (const border of [size - 16_384, size]) {
    for (const token of [GITHUB, RSA]) {
      const before = filler.repeat(border / 64 - 1) + "y".repeat(50);
      const found = await scan(`${before}\n${token}\n${filler.repeat(5_000)}`);
      expect(found).toMatchObject([{ line: border / 64 + 1 }]);
    }
  }
});

test("finds a known secret that is longer than such a part shares with the next", async () => {
  const known = letters(40_000);
  expect(await scan(`${"-".repeat(110_000)}\n${known}\n${"-".repeat(100_000)}`, [known])).toMatchObject([
    { line: 2 },
  ]);
});

test.each([
  ["headers that never end", `${edge("BEGIN PGP", " BLOCK")}\n${"Ab: ".repeat(30_000)}`],
  ["keys that never end", edge("BEGIN").repeat(5_000)],
  ["escapes that never end", edge("BEGIN") + String.raw`\n`.repeat(60_000)],
  ["addresses", "postgres://a:b@".repeat(8_000)],
  ["one long word", "sk-".repeat(40_000)],
])("takes no longer for %s", async (_, text) => {
  const hurried = createSecretScanner({ always: [], time_ms: 5_000 });
  const scanned = hurried.scan([{ path: "a.txt", content: `${text}${" ".repeat(131_072)}` }], []);
  await expect(scanned).resolves.toBeDefined();
});

test("names no more than a hundred", async () => {
  expect(await scan(`${GITHUB}\n`.repeat(500))).toHaveLength(100);
});

test("rejects when its time is over, rather than let something through", async () => {
  const hurried = createSecretScanner({ always: [], time_ms: 0 });
  const scanned = hurried.scan([{ path: "a.txt", content: "a".repeat(500_000) }], []);
  await expect(scanned).rejects.toThrow(SecretError);
  await expect(scanned).rejects.toMatchObject({ code: "scan_failed" });
});

test("others have their turn while it reads", async () => {
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 1);
  await scan("some text of no interest\n".repeat(80_000));
  clearInterval(timer);
  expect(turns).toBeGreaterThan(5);
});

const STORED_LINE = letters(64);
const STORED = `-----BEGIN THING-----\n${STORED_LINE}\n${letters(20)}\n-----END THING-----\n`;

test.each([
  ["on one line", STORED.replaceAll("\n", " ")],
  ["by one of its lines", `const it = "${STORED_LINE}";`],
  ["with other line breaks", STORED.replaceAll("\n", "\r\n")],
])("a stored secret of many lines is found %s", async (_, content) => {
  const found = await scan(content, [STORED]);
  expect(found.map(({ kind }) => kind)).toContain("a stored or configured secret");
});

test("what stands around a stored key, or in a stored file of settings, stands elsewhere too", async () => {
  const settings = `{\n  "type": "service_account",\n  "auth_uri": "https://accounts.example.com/o/oauth2/auth"\n}`;
  const text = `-----BEGIN CERTIFICATE-----\n  "auth_uri": "https://accounts.example.com/o/oauth2/auth"\n`;
  expect(await scan(text, [settings, STORED.replaceAll("THING", "CERTIFICATE")])).toEqual([]);
});

test.each([" ", "\n", "\t"])("a beginning of a key before a megabyte of %j takes no time", async (blank) => {
  const text = `${edge("BEGIN PGP", " BLOCK")}${blank.repeat(1_000_000)}x`;
  await scan("", []);
  const started = performance.now();
  expect(await scan(text)).toEqual([]);
  expect(performance.now() - started).toBeLessThan(3_000);
});
