import { open, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { CliError } from "./exit-code.ts";
import { type HttpClient, ServerLostError } from "./http-client.ts";
import { checksumOf, type Expected, PartFile } from "./part-file.ts";

export type BundleToDownload = {
  readonly id: string;
  readonly format: string;
  /** A file, or a directory that exists: there it gets the name that the server gives it. */
  readonly path: string;
  /** Overwrites a file that has other content. */
  readonly force: boolean;
};

export type SavedBundle = Expected & {
  readonly path: string;
  /** Bytes that were there from a download before. */
  readonly resumed_at: number;
};

type Facts = Expected & { readonly name: string };

const RETRY_DELAYS_MS = [100, 300, 1000, 2000];

/**
 * Saves a bundle as a file that is complete or not there. A download that broke off is gone on with, by this call and by
 * the next one; what has come is compared with the checksum that the server gave. Rejects with a CliError.
 */
export async function downloadBundle(
  client: HttpClient,
  wanted: BundleToDownload,
  delaysMs: readonly number[] = RETRY_DELAYS_MS,
): Promise<SavedBundle> {
  const { name, ...expected } = await factsOf(client, wanted);
  const path = await placeFor(wanted.path, name);
  const standing = await standingAt(path);
  if (standing === expected.sha256) return { path, ...expected, resumed_at: 0 };
  if (standing !== null && !wanted.force) {
    const message = `${path} has other content; overwrite it with --force, or name another file with --output`;
    throw new CliError("conflict", message, { code: "files_differ" });
  }
  await using part = await PartFile.open(path, expected);
  const resumed_at = part.length;
  let failures = 0;
  while (!part.complete) {
    const before = part.length;
    try {
      await fetchRest(client, wanted, { part, etag: `"${expected.sha256}"` });
    } catch (error) {
      if (!(error instanceof ServerLostError)) throw error;
      // Whatever it brings gives it new patience.
      failures = part.length > before ? 1 : failures + 1;
      const delay = delaysMs[failures - 1];
      if (delay === undefined) throw error;
      await sleep(delay);
    }
  }
  await part.finish();
  return { path, ...expected, resumed_at };
}

/** Asks for one byte, which comes with the facts about all of them. */
async function factsOf(client: HttpClient, { id, format }: BundleToDownload): Promise<Facts> {
  const answer = await client.readBundle(id, format, { range: "bytes=0-0" });
  answer.resume();
  const { etag = "", "content-range": range = "", "content-disposition": disposition = "" } = answer.headers;
  const sha256 = /^"([0-9a-f]{64})"$/.exec(etag)?.[1];
  const size = /^bytes 0-0\/(\d{1,15})$/.exec(range)?.[1];
  if (sha256 === undefined || size === undefined)
    throw new CliError("unavailable", `${client.url} does not serve bundles like an orca server`);
  const named = /filename="([A-Za-z0-9][A-Za-z0-9._-]{0,200})"/.exec(disposition)?.[1];
  return { sha256, size: Number(size), name: named ?? `bundle.${format}` };
}

type Download = { readonly part: PartFile; readonly etag: string };

async function fetchRest(
  client: HttpClient,
  { id, format }: BundleToDownload,
  { part, etag }: Download,
): Promise<void> {
  const headers = { range: `bytes=${part.length}-`, "if-range": etag };
  const answer = await client.readBundle(id, format, headers);
  if (answer.statusCode !== 206 || answer.headers.etag !== etag) {
    answer.destroy();
    const message = "the work has changed while its bundle was downloaded; run the command again";
    throw new CliError("unavailable", message, { code: "bundle_changed" });
  }
  try {
    for await (const piece of answer) await part.append(piece as Buffer);
  } catch (error) {
    throw error instanceof CliError ? error : new ServerLostError(client.url, error);
  }
  if (!part.complete) throw new ServerLostError(client.url, "the bundle ended too early");
}

async function placeFor(path: string, name: string): Promise<string> {
  const absolute = resolve(path);
  const isDirectory = await stat(absolute).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  return isDirectory ? join(absolute, name) : absolute;
}

/** Null where no file stands; what can't be read is left to the writing, which says why. */
async function standingAt(path: string): Promise<string | null> {
  const isFile = await stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  );
  const handle = isFile ? await open(path).catch(() => null) : null;
  if (handle === null) return null;
  try {
    return await checksumOf(handle);
  } finally {
    await handle.close();
  }
}
