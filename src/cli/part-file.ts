import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { makeDirectory } from "../files/make-directory.ts";
import { CliError } from "./exit-code.ts";

/** What a file is to hold once it is complete. */
export type Expected = { readonly sha256: string; readonly size: number };

const PIECE = 1024 * 1024;

/** A file on its way: beside its place, under a name that tells which bytes it is a part of. */
export class PartFile implements AsyncDisposable {
  readonly #place: string;
  readonly #path: string;
  readonly #expected: Expected;
  readonly #handle: FileHandle;
  #length: number;

  private constructor(
    place: string,
    expected: Expected,
    opened: { path: string; handle: FileHandle; length: number },
  ) {
    this.#place = place;
    this.#path = opened.path;
    this.#expected = expected;
    this.#handle = opened.handle;
    this.#length = opened.length;
  }

  /** Takes up what an earlier download has left. Rejects with a CliError. */
  static async open(place: string, expected: Expected): Promise<PartFile> {
    const path = `${place}.${expected.sha256.slice(0, 16)}.part`;
    return writing(place, async () => {
      await makeDirectory(dirname(place));
      const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
      const handle = await open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o644);
      const { size } = await handle.stat();
      const length = size <= expected.size ? size : 0;
      await handle.truncate(length);
      return new PartFile(place, expected, { path, handle, length });
    });
  }

  /** Bytes that are there. */
  get length(): number {
    return this.#length;
  }

  get complete(): boolean {
    return this.#length === this.#expected.size;
  }

  async append(piece: Uint8Array): Promise<void> {
    if (this.#length + piece.length > this.#expected.size)
      throw new CliError("unavailable", "the server sends more than it has announced");
    await writing(this.#place, async () => {
      for (let done = 0; done < piece.length;) {
        const { bytesWritten } = await this.#handle.write(
          piece,
          done,
          piece.length - done,
          this.#length + done,
        );
        done += bytesWritten;
      }
    });
    this.#length += piece.length;
  }

  /** Puts it in its place when it is what was expected, and throws it away when it is not. */
  async finish(): Promise<void> {
    if ((await checksumOf(this.#handle)) !== this.#expected.sha256) {
      await rm(this.#path, { force: true });
      const message = "what has come is not what the server announced, and was thrown away; try again";
      throw new CliError("unavailable", message, { code: "checksum_mismatch" });
    }
    await writing(this.#place, async () => {
      await this.#handle.sync();
      await rename(this.#path, this.#place);
      for (const left of await this.#olderParts()) await rm(left, { force: true });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  async #olderParts(): Promise<string[]> {
    const [directory, name] = [dirname(this.#place), basename(this.#place)];
    const isPart = (entry: string): boolean =>
      entry.startsWith(`${name}.`) && /^\.[0-9a-f]{16}\.part$/.test(entry.slice(name.length));
    return (await readdir(directory)).filter(isPart).map((entry) => join(directory, entry));
  }
}

/** Of a whole file, in hex. */
export async function checksumOf(handle: FileHandle): Promise<string> {
  const sum = createHash("sha256");
  const piece = new Uint8Array(PIECE);
  for (let at = 0; ;) {
    const { bytesRead } = await handle.read(piece, 0, PIECE, at);
    if (bytesRead === 0) return sum.digest("hex");
    sum.update(piece.subarray(0, bytesRead));
    at += bytesRead;
  }
}

async function writing<T>(place: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const message = `can't write ${place}: ${(error as Error).message}`;
    throw new CliError("unavailable", message, { cause: error, code: "not_written" });
  }
}
