import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";

import {
  type Compressors,
  parquetMetadata,
  parquetReadObjects,
  parquetSchema,
  snappyUncompress,
} from "hyparquet";

import type { TableReader } from "./table.ts";

/** Bytes that the pages of one file may have in all when decompressed. */
const MOST_BYTES = 256 * 1024 ** 2;
/** Rows that are held at a time. */
const ROWS_AT_ONCE = 50_000;

/** Rejects with an Error that says why the bytes are no such file, or that they expand too far. */
export async function readParquet(bytes: Uint8Array, reader: TableReader): Promise<void> {
  const buffer = new Uint8Array(bytes).buffer;
  const metadata = parquetMetadata(buffer);
  const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
  reader.columns(columns);
  const file = {
    byteLength: buffer.byteLength,
    slice: (start: number, end?: number): ArrayBuffer => buffer.slice(start, end),
  };
  const compressors = boundedCompressors();
  let start = 0;
  for (const group of metadata.row_groups) {
    const groupEnd = start + Number(group.num_rows);
    while (start < groupEnd) {
      const rowEnd = Math.min(start + ROWS_AT_ONCE, groupEnd);
      const rows = await parquetReadObjects({ file, metadata, compressors, rowStart: start, rowEnd });
      if (rows.length !== rowEnd - start)
        throw new Error(`it says that it has ${groupEnd} rows, but they end after ${start + rows.length}`);
      for (const row of rows) reader.row(columns.map((name): unknown => row[name]));
      start = rowEnd;
    }
  }
}

/** The lengths in a file may lie: nothing is decompressed to more than is left. */
function boundedCompressors(): Compressors {
  let left = MOST_BYTES;
  const spend = (length: number): number => {
    left -= length;
    if (left < 0 || !(length >= 0)) throw new Error(`it expands to more than ${MOST_BYTES / 1024 ** 2} MB`);
    return length;
  };
  return {
    SNAPPY(input, length) {
      const output = new Uint8Array(spend(length));
      snappyUncompress(input, output);
      return output;
    },
    GZIP: (input, length) => gunzipSync(input, { maxOutputLength: spend(length) + 1 }),
    BROTLI: (input, length) => brotliDecompressSync(input, { maxOutputLength: spend(length) + 1 }),
    ZSTD: (input, length) => zstdDecompressSync(input, { maxOutputLength: spend(length) + 1 }),
  };
}
