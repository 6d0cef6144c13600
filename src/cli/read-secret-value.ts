import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { buffer } from "node:stream/consumers";

import { CliError } from "./exit-code.ts";
import type { OutputStream } from "./output.ts";

export type SecretSource = {
  /** Null: what is piped in, else what is typed. */
  readonly file: string | null;
  readonly question: string;
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly talk: OutputStream;
};

/** The value without the newlines at its end. It never comes from an argument, which others on the machine could read. */
export async function readSecretValue({ file, question, input, talk }: SecretSource): Promise<string> {
  if (file !== null) return valueIn(await bytesOf(file), file);
  if (input.isTTY === true) return askHidden(question, input, talk);
  return valueIn(await buffer(input), "the standard input");
}

async function bytesOf(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new CliError("usage", `can't read ${file}: ${(error as Error).message}`, { cause: error });
  }
}

function valueIn(bytes: Buffer, source: string): string {
  try {
    return notEmpty(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes), source);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new CliError("usage", `${source} is no text in UTF-8; store it as base64`, { cause: error });
  }
}

function notEmpty(text: string, source: string): string {
  const value = text.replace(/(\r?\n)+$/, "");
  if (value.trim() === "") throw new CliError("usage", `there is no value in ${source}; nothing was stored`);
  return value;
}

/** One line that is typed, and shown nowhere. */
async function askHidden(
  question: string,
  input: NodeJS.ReadableStream,
  talk: OutputStream,
): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: nowhere, terminal: true, historySize: 0 });
  const given = Promise.withResolvers<string>();
  lines.once("line", given.resolve);
  lines.once("SIGINT", () => given.reject(new CliError("interrupted", "interrupted; nothing was stored")));
  lines.once("close", () => given.resolve(""));
  talk.write(question);
  try {
    return notEmpty(await given.promise, "what was typed");
  } finally {
    lines.close();
    talk.write("\n");
  }
}
