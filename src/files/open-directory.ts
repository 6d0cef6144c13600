import { constants, type Dirent, existsSync } from "node:fs";
import { type FileHandle, mkdir, open, opendir, readlink, realpath } from "node:fs/promises";

const { O_DIRECTORY, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/** Open directories can be gone on from through here (Linux). */
const OWN_DESCRIPTORS = "/proc/self/fd";

/** From macOS's sys/fcntl.h, unknown to Node: no part of the path may be a link. */
const O_NOFOLLOW_ANY = 0x2000_0000;

/** Whether a directory can be gone through here without a link being followed by accident. */
export function platformRefusal(): string | null {
  if (process.platform === "darwin" || existsSync(OWN_DESCRIPTORS)) return null;
  return `Directories cannot be read safely on ${process.platform} without ${OWN_DESCRIPTORS}. Use Linux with /proc mounted, or macOS.`;
}

/** A name as the file system has it, which need not be text. */
export type RawName = string | Buffer;

/**
 * A directory held by its descriptor. What is reached from it stays in it, even while somebody moves it or puts links
 * in the places of its parts: a path is never followed further than one name.
 */
export class OpenDirectory implements AsyncDisposable {
  readonly #handle: FileHandle;
  readonly #path: string;

  private constructor(handle: FileHandle, path: string) {
    this.#handle = handle;
    this.#path = path;
  }

  /** `path` is trusted but for its last part, which may not be a link. */
  static async open(path: string): Promise<OpenDirectory> {
    const refusal = platformRefusal();
    if (refusal !== null) throw Object.assign(new Error(refusal), { code: "ENOTSUP" });
    return OpenDirectory.#open(path, O_NOFOLLOW);
  }

  static async #open(path: RawName, flags: number): Promise<OpenDirectory> {
    const handle = await open(path, O_RDONLY | O_DIRECTORY | flags);
    const byName = process.platform === "darwin";
    return new OpenDirectory(handle, byName ? path.toString() : `${OWN_DESCRIPTORS}/${handle.fd}`);
  }

  /** The path of something in it, for calls that do not follow a link in the last place. */
  at(name: string): string;
  at(name: RawName): RawName;
  at(name: RawName): RawName {
    if (typeof name === "string") return `${this.#path}/${name}`;
    return Buffer.concat([Buffer.from(`${this.#path}/`), name]);
  }

  /** Fails with ENOTDIR or ELOOP where a link stands. */
  directory(name: RawName): Promise<OpenDirectory> {
    return OpenDirectory.#open(this.at(name), neverFollowing());
  }

  /** A directory that a link may stand for: the caller looks at `realPath` before going on. */
  followedDirectory(name: string): Promise<OpenDirectory> {
    return OpenDirectory.#open(this.at(name), 0);
  }

  /** Makes a directory in it unless something stands there. */
  async make(name: string, mode = 0o777): Promise<void> {
    await mkdir(this.at(name), { mode }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  }

  /** Does not wait for the other side of a FIFO; the caller asks the handle what it is. */
  file(name: string): Promise<FileHandle> {
    return open(this.at(name), O_RDONLY | O_NONBLOCK | O_NOCTTY | neverFollowing());
  }

  async *entries(): AsyncGenerator<Dirent<Buffer>> {
    // The declared encodings lack the one that keeps names as they are.
    const options = { encoding: "buffer" as BufferEncoding, bufferSize: 256 };
    for await (const entry of await opendir(this.#path, options)) yield entry as unknown as Dirent<Buffer>;
  }

  /** Where it is now. */
  realPath(): Promise<string> {
    return process.platform === "darwin" ? realpath(this.#path) : readlink(this.#path);
  }

  /** Tells it from every other directory of this machine. */
  async identity(): Promise<{ readonly device: number; readonly inode: number }> {
    const { dev, ino } = await this.#handle.stat();
    return { device: dev, inode: ino };
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function neverFollowing(): number {
  return process.platform === "darwin" ? O_NOFOLLOW_ANY : O_NOFOLLOW;
}
