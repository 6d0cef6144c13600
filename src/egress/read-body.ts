import { promisify } from "node:util";
import {
  brotliDecompress,
  constants,
  gunzip,
  inflate,
  inflateRaw,
  zstdDecompress,
  type ZlibOptions,
} from "node:zlib";

import { EgressError } from "../ports/egress.ts";
import type { Deadline } from "./deadline.ts";

type Inflate = (packed: Buffer, maxOutputLength: number) => Promise<Buffer>;

// A short body may be longer packed than inflated.
const PACKED_SLACK = 1024;
// The window that RFC 9659 has every client offer; zstd's own limit lets a frame ask for 128 MiB.
const ZSTD_WINDOW = { [constants.ZSTD_d_windowLogMax]: 23 };

const gunzipped = promisify<Buffer, ZlibOptions, Buffer>(gunzip);
const inflated = promisify<Buffer, ZlibOptions, Buffer>(inflate);
const inflatedRaw = promisify<Buffer, ZlibOptions, Buffer>(inflateRaw);
const brotliInflated = promisify(brotliDecompress);
const zstdInflated = promisify(zstdDecompress);

const INFLATE: Readonly<Record<string, Inflate>> = {
  gzip: (packed, maxOutputLength) => gunzipped(packed, { maxOutputLength }),
  "x-gzip": (packed, maxOutputLength) => gunzipped(packed, { maxOutputLength }),
  // Some servers send the zlib format, as they should, and some the raw one.
  deflate: (packed, maxOutputLength) =>
    (packed[0]! & 0x0f) === 8
      ? inflated(packed, { maxOutputLength })
      : inflatedRaw(packed, { maxOutputLength }),
  br: (packed, maxOutputLength) => brotliInflated(packed, { maxOutputLength }),
  zstd: (packed, maxOutputLength) => zstdInflated(packed, { maxOutputLength, params: ZSTD_WINDOW }),
};

export const ACCEPTED_ENCODINGS = "gzip, deflate, br, zstd";

/** The inflated body; rejects as soon as it or what it is packed in gets longer than `maxBytes`. */
export async function readBody(
  chunks: AsyncIterable<Uint8Array>,
  { encoding, maxBytes }: { readonly encoding: string; readonly maxBytes: number },
): Promise<Uint8Array> {
  const names = encoding
    .toLowerCase()
    .split(",")
    .map((name) => name.trim());
  const applied = names.filter((name) => name !== "" && name !== "identity");
  if (applied.length > 1) throw unreadable(`is packed more than once (${applied.length} times)`);
  const [name] = applied;
  if (name === undefined) return await collect(chunks, maxBytes, maxBytes);
  const unpack = Object.hasOwn(INFLATE, name) ? INFLATE[name] : undefined;
  if (unpack === undefined) throw unreadable("is packed in a way that is not known here");
  const packed = await collect(chunks, maxBytes + PACKED_SLACK, maxBytes);
  if (packed.byteLength === 0) return packed;
  try {
    return await unpack(packed, maxBytes);
  } catch (error) {
    const isLong = error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
    throw isLong ? tooLarge(maxBytes) : unreadable("is damaged", error);
  }
}

/** What comes of the first `maxBytes` before the deadline, nothing of what is packed. Never rejects. */
export async function readStart(
  chunks: AsyncIterable<Uint8Array>,
  limits: { readonly encoding: string; readonly maxBytes: number; readonly deadline: Deadline },
): Promise<Uint8Array> {
  const kept: Uint8Array[] = [];
  const isPacked = !["", "identity"].includes(limits.encoding.trim().toLowerCase());
  const collecting = async (): Promise<void> => {
    let length = 0;
    for await (const chunk of chunks) {
      kept.push(chunk);
      length += chunk.byteLength;
      if (length >= limits.maxBytes) return;
    }
  };
  if (!isPacked) await Promise.allSettled([limits.deadline.race(collecting())]);
  return Buffer.concat(kept).subarray(0, limits.maxBytes);
}

async function collect(chunks: AsyncIterable<Uint8Array>, limit: number, maxBytes: number): Promise<Buffer> {
  const kept: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.byteLength;
    if (length > limit) throw tooLarge(maxBytes);
    kept.push(chunk);
  }
  return Buffer.concat(kept, length);
}

export function tooLarge(maxBytes: number, cause?: unknown): EgressError {
  return new EgressError(
    "too_large",
    `The answer is longer than ${maxBytes} bytes, or its headers are too long, and it was not read to its end. Ask for less.`,
    { cause },
  );
}

function unreadable(how: string, cause?: unknown): EgressError {
  return new EgressError("unreachable", `The answer ${how} and can't be read. Ask elsewhere.`, { cause });
}
