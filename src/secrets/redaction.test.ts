import { expect, test } from "vitest";

import { createRedactor } from "./redaction.ts";

const VALUE = 'pa$$ "word"/with+all&of it';
const bytes = Buffer.from(VALUE);
const redact = createRedactor([["SMTP", VALUE]]);

test.each([
  ["as it is", VALUE],
  ["JSON", JSON.stringify(VALUE).slice(1, -1)],
  ["base64", bytes.toString("base64")],
  ["base64 of an address", bytes.toString("base64url")],
  ["hexadecimal", bytes.toString("hex")],
  ["an address", encodeURIComponent(VALUE)],
  ["reversed", Array.from(VALUE).toReversed().join("")],
])("a value is replaced by its name when it is written %s", (_, form) => {
  expect(redact(`535 denied: ${form}, ${form}.`)).toBe("535 denied: [secret SMTP], [secret SMTP].");
});

test("behind a user in an Authorization header it is not left in parts that tell it", () => {
  const text = redact(`Basic ${Buffer.from(`orca:${VALUE}`).toString("base64")}`);
  expect(text).toContain("[secret SMTP]");
  expect(Buffer.from(text.replace(/^Basic /, ""), "base64").toString()).not.toContain("word");
});

test("of values that lie in one another the longer goes first", () => {
  const both = createRedactor([
    ["SHORT", "abcdefgh"],
    ["LONG", "abcdefgh-12345678"],
  ]);
  expect(both("abcdefgh-12345678 abcdefgh")).toBe("[secret LONG] [secret SHORT]");
});

const KEY_LINE = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
const KEY = `-----BEGIN PRIVATE KEY-----\n${KEY_LINE}\nx1\n-----END PRIVATE KEY-----\n`;

test.each([
  ["as it is", KEY, "[secret KEY]"],
  ["on one line", KEY.replaceAll("\n", " "), "[secret KEY] "],
  ["on one line, without its end", KEY.trim().replaceAll("\n", " "), "[secret KEY]"],
  [
    "with other line breaks",
    KEY.replaceAll("\n", "\r\n").replaceAll(/-----[A-Z ]+-----/g, ""),
    "\r\n[secret KEY]\r\nx1\r\n\r\n",
  ],
  ["by one of its lines", `near ${KEY_LINE}`, "near [secret KEY]"],
])("a value of many lines is replaced when it is written %s", (_, written, left) => {
  expect(createRedactor([["KEY", KEY]])(written)).toBe(left);
});

test("a line of several words is replaced where a text is shown", () => {
  const redactKey = createRedactor([["NOTE", "first words of it\nsecond words of it\n"]]);
  expect(redactKey("says: second words of it.")).toBe("says: [secret NOTE].");
});

test("a replacement is text, whatever is in the name or the value", () => {
  expect(createRedactor([["$&$1", "a.*b(c)$1"]])("x a.*b(c)$1 y")).toBe("x [secret $&$1] y");
});

test("what is too short to be told from other text stays", () => {
  expect(createRedactor([["A", "short"]])("a short text")).toBe("a short text");
});

test("without values a text is left as it is", () => {
  expect(createRedactor([])(VALUE)).toBe(VALUE);
});
