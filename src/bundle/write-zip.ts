import { promisify } from "node:util";
import { crc32, deflateRaw } from "node:zlib";

import type { BundleEntry } from "./bundle-entries.ts";
import { BundleError } from "./bundle-error.ts";

const MOST_ENTRIES = 0xff_ff;
const MOST_BYTES = 0xff_ff_ff_ff;
const UNIX = 3;
const REGULAR_FILE = 0o100_644;
const DEFLATED = 8;

const deflated = promisify(deflateRaw) as (bytes: Uint8Array) => Promise<Buffer>;

/** The bytes of a .zip, a file at a time. fflate writes the container; zlib compresses, on a thread of its own. */
export async function* writeZip(entries: readonly BundleEntry[], at: Date): AsyncGenerator<Uint8Array> {
  if (entries.length > MOST_ENTRIES) throw tooMuch(`${MOST_ENTRIES} files`);
  const { Zip } = await import("fflate");
  let ready: Uint8Array[] = [];
  let written = 0;
  const zip = new Zip((error, chunk) => {
    if (error !== null) throw error;
    ready.push(chunk);
    written += chunk.length;
    if (written > MOST_BYTES) throw tooMuch("4 GiB");
  });
  const times = timesOf(at);
  for (const { name, text } of entries) {
    const bytes = Buffer.from(text);
    const packed = await deflated(bytes);
    const file = {
      filename: name,
      size: bytes.length,
      crc: crc32(bytes),
      compression: DEFLATED,
      os: UNIX,
      attrs: REGULAR_FILE * 0x1_00_00,
      ...times,
    };
    zip.add(file);
    const { ondata } = file as { ondata?: (error: null, chunk: Uint8Array, last: boolean) => void };
    ondata?.(null, packed, true);
    yield* ready;
    ready = [];
  }
  zip.end();
  yield* ready;
}

/**
 * A .zip holds local time without saying whose. The exact time stands beside it in UTC; noon exists everywhere, so that
 * the bytes are the same in every time zone.
 */
function timesOf(at: Date): { readonly mtime: Date; readonly extra: Record<number, Uint8Array> } {
  const year = Math.min(Math.max(at.getUTCFullYear(), 1980), 2099);
  const extended = Buffer.alloc(5);
  extended.writeUInt8(1);
  extended.writeInt32LE(Math.min(Math.max(Math.floor(at.getTime() / 1000), 0), 0x7f_ff_ff_ff), 1);
  return {
    mtime: new Date(year, at.getUTCMonth(), at.getUTCDate(), 12),
    extra: { 0x54_55: extended },
  };
}

function tooMuch(limit: string): BundleError {
  return new BundleError(`A .zip holds at most ${limit}; ask for the bundle as tar.gz.`);
}
