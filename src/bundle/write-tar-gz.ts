import { Readable } from "node:stream";
import { createGzip } from "node:zlib";

import type { BundleEntry } from "./bundle-entries.ts";

const PIECE = 1024 * 1024;
/** Where gzip names the system that it was made on; `UNKNOWN` makes the bytes the same on all. */
const SYSTEM_AT = 9;
const UNKNOWN = 255;

/** The bytes of a .tar.gz as they come: nothing but the file at hand is in memory twice. */
export async function* writeTarGz(entries: readonly BundleEntry[], at: Date): AsyncGenerator<Uint8Array> {
  const { packTar } = await import("modern-tar/fs");
  const mtime = new Date(Math.max(0, Math.floor(at.getTime() / 1000) * 1000));
  // The packer would make slashes of backslashes: it is given numbers, and the names after that.
  const sources = entries.map(({ text }, index) => {
    const header = { target: String(index), mode: 0o644, uid: 0, gid: 0, mtime };
    if (text === "") return { ...header, type: "content" as const, content: text };
    const content = Readable.from(piecesOf(text), { objectMode: false });
    return { ...header, type: "stream" as const, content, size: Buffer.byteLength(text) };
  });
  const tar = packTar(sources, {
    concurrency: 1,
    map: (header) => ({ ...header, ...named(entries[Number(header.name)]!.name) }),
  });
  const gzip = createGzip();
  tar.on("error", (error) => gzip.destroy(error));
  gzip.on("close", () => tar.destroy());
  let offset = 0;
  for await (const chunk of tar.pipe(gzip) as AsyncIterable<Buffer>) {
    if (offset <= SYSTEM_AT && SYSTEM_AT < offset + chunk.length) chunk[SYSTEM_AT - offset] = UNKNOWN;
    offset += chunk.length;
    yield chunk;
  }
}

/** The old field for a name has no encoding, so that one beyond ASCII stands in the extended header as well. */
function named(name: string): { readonly name: string; readonly pax?: Record<string, string> } {
  return /^[\u0020-\u007e]*$/.test(name) ? { name } : { name, pax: { path: name } };
}

function* piecesOf(text: string): Generator<Buffer> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += PIECE) yield bytes.subarray(start, start + PIECE);
}
