import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";

import { afterAll, beforeAll, expect, test } from "vitest";

import { readSecretValue } from "./read-secret-value.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "orca-secret-value-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A terminal, what is said on it, and what is read from it. */
function terminal(isTTY: boolean) {
  const input = Object.assign(new PassThrough(), { isTTY });
  const said: string[] = [];
  const talk = { isTTY, write: (text: string) => said.push(text) };
  const read = (file: string | null = null) => readSecretValue({ file, question: "value: ", input, talk });
  return { input, said, read };
}

function fileOf(content: string | Buffer): string {
  const file = join(directory, "value");
  writeFileSync(file, content);
  return file;
}

test("what is typed is taken up to the end of the line, and shown nowhere", async () => {
  const { input, said, read } = terminal(true);
  const value = read();
  for (const key of ["h", "u", "x", "\u007f", "n", "ter2", "\r"]) input.write(key);
  expect(await value).toBe("hunter2");
  expect(said.join("")).toBe("value: \n");
});

test.each([
  ["Ctrl-C", "\u0003", "interrupted"],
  ["Ctrl-D", "\u0004", "nothing was stored"],
  ["nothing", "\r", "nothing was stored"],
])("%s stores nothing", async (_, key, message) => {
  const { input, read } = terminal(true);
  const value = read();
  input.write(key);
  await expect(value).rejects.toThrow(message);
});

test.each([
  ["token\n", "token"],
  ["token\r\n\r\n", "token"],
  ["-----BEGIN\nKEY\n-----END\n", "-----BEGIN\nKEY\n-----END"],
  [" pass über ", " pass über "],
])(
  "what is piped in, or stands in a file, is taken without the newlines at its end: %j",
  async (given, value) => {
    const { input, said, read } = terminal(false);
    input.end(given);
    expect(await read()).toBe(value);
    expect(said).toEqual([]);
    expect(await terminal(true).read(fileOf(given))).toBe(value);
  },
);

test.each([
  ["nothing", "", "there is no value"],
  ["a blank line", " \n", "there is no value"],
  ["no text", Buffer.from([0xff, 0xfe, 0x00]), "no text in UTF-8"],
])("%s is refused", async (_, given, message) => {
  const { input, read } = terminal(false);
  input.end(given);
  await expect(read()).rejects.toThrow(message);
  await expect(read(fileOf(given))).rejects.toThrow(message);
});

test("a file that can't be read is named", async () => {
  await expect(terminal(false).read(join(directory, "missing"))).rejects.toThrow("missing");
});
