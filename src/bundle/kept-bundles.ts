import { createHash, randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";

import type { Bundle } from "./build-bundle.ts";

/** A bundle that was written down, in the hands of whoever opened it. */
export type OpenBundle = Pick<Bundle, "file_name" | "media_type"> & {
  readonly sha256: string;
  readonly size: number;
  /** The bytes from `start` up to and without `end`. */
  read(start: number, end: number): AsyncGenerator<Uint8Array>;
  /** Once it is no longer read; further calls do nothing. */
  release(): Promise<void>;
};

type Written = Pick<OpenBundle, "file_name" | "media_type" | "sha256" | "size"> & {
  readonly handle: FileHandle;
};

type Kept = {
  readonly written: Promise<Written>;
  /** 0 while it is made. */
  size: number;
  readers: number;
  /** No longer found by its key: it goes with its last reader. */
  dropped: boolean;
};

const USUAL_LIMITS = { bundles: 16, bytes: 1024 ** 3 };
/** Bundles that are made at a time: each has its whole tree in memory. */
const MADE_AT_ONCE = 2;
const PIECE = 256 * 1024;

/**
 * The last bundles that were asked for, so that the parts of one download come from one making. They lie in files
 * without a name, which are gone when the process is.
 */
export class KeptBundles {
  readonly #directory: string;
  readonly #limits: typeof USUAL_LIMITS;
  /** Those that were asked for longest ago come first. */
  readonly #kept = new Map<string, Kept>();
  readonly #waiting: (() => void)[] = [];
  #making = 0;

  constructor(directory: string, limits: Partial<typeof USUAL_LIMITS> = {}) {
    this.#directory = directory;
    this.#limits = { ...USUAL_LIMITS, ...limits };
  }

  /** The bundle of this key, made when it is not there. Rejects as the making does; the next call tries again. */
  async open(key: string, make: () => Promise<Bundle>): Promise<OpenBundle> {
    const kept = this.#kept.get(key) ?? { written: this.#write(make), size: 0, readers: 0, dropped: false };
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    kept.readers += 1;
    let written: Written;
    try {
      written = await kept.written;
    } catch (error) {
      if (this.#kept.get(key) === kept) this.#kept.delete(key);
      throw error;
    }
    kept.size = written.size;
    await this.#dropOldest();
    let released = false;
    const { handle, ...facts } = written;
    return {
      ...facts,
      read: (start, end) => piecesOf(handle, start, end),
      release: async () => {
        if (released) return;
        released = true;
        kept.readers -= 1;
        await closeUnread(kept);
      },
    };
  }

  /** Lets go of those that nobody reads, and of the rest once they are read. */
  async close(): Promise<void> {
    for (const key of this.#kept.keys()) await this.#drop(key);
  }

  async #write(make: () => Promise<Bundle>): Promise<Written> {
    while (this.#making >= MADE_AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#making += 1;
    try {
      return await writeDown(this.#directory, await make());
    } finally {
      this.#making -= 1;
      this.#waiting.shift()?.();
    }
  }

  /** The newest stays, however large it is. */
  async #dropOldest(): Promise<void> {
    const sizes = [...this.#kept].filter(([, { size }]) => size > 0);
    let bytes = sizes.reduce((sum, [, { size }]) => sum + size, 0);
    let count = sizes.length;
    for (const [key, { size }] of sizes.slice(0, -1)) {
      if (count <= this.#limits.bundles && bytes <= this.#limits.bytes) return;
      count -= 1;
      bytes -= size;
      await this.#drop(key);
    }
  }

  async #drop(key: string): Promise<void> {
    const kept = this.#kept.get(key);
    if (kept === undefined) return;
    this.#kept.delete(key);
    kept.dropped = true;
    await closeUnread(kept);
  }
}

async function closeUnread({ dropped, readers, written }: Kept): Promise<void> {
  if (dropped && readers === 0) await (await written).handle.close();
}

async function writeDown(directory: string, { file_name, media_type, bytes }: Bundle): Promise<Written> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, `${randomUUID()}.bundle`);
  const handle = await open(path, "wx+", 0o600);
  try {
    await rm(path);
    const sum = createHash("sha256");
    let size = 0;
    for await (const piece of bytes) {
      sum.update(piece);
      await writeAll(handle, piece, size);
      size += piece.length;
    }
    return { handle, file_name, media_type, size, sha256: sum.digest("hex") };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function writeAll(handle: FileHandle, piece: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < piece.length;) {
    const { bytesWritten } = await handle.write(piece, done, piece.length - done, position + done);
    done += bytesWritten;
  }
}

async function* piecesOf(handle: FileHandle, start: number, end: number): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end;) {
    const piece = new Uint8Array(Math.min(PIECE, end - at));
    const { bytesRead } = await handle.read(piece, 0, piece.length, at);
    if (bytesRead === 0) throw new Error("a bundle is shorter than it was when it was written");
    at += bytesRead;
    yield piece.subarray(0, bytesRead);
  }
}
