import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import type { BundleFormat } from "./build-bundle.ts";

const run = promisify(execFile);
const UTF8 = { ...process.env, LC_ALL: "C.UTF-8" };

/** An archive as a person unpacks it, by the programs that every system has. */
export class Unpacked implements AsyncDisposable {
  readonly home: string;
  /** The one folder that everything lies in. */
  readonly top: string;

  private constructor(home: string, top: string) {
    this.home = home;
    this.top = top;
  }

  static async from(bytes: Uint8Array, format: BundleFormat): Promise<Unpacked> {
    const home = await mkdtemp(join(tmpdir(), "orca-bundle-"));
    const archive = join(home, `bundle.${format}`);
    await writeFile(archive, bytes);
    const out = join(home, "out");
    await mkdir(out);
    if (format === "zip") await unzip(archive, out);
    else await run("tar", ["-xzf", archive, "-C", out], { env: UTF8 });
    const tops = await readdir(out);
    if (tops.length !== 1) throw new Error(`not one top folder: ${tops.join(", ")}`);
    return new Unpacked(home, join(out, tops[0]!));
  }

  read(name: string): Promise<string> {
    return readFile(join(this.top, name), "utf8");
  }

  /** Every file below the top folder. */
  async names(): Promise<string[]> {
    const entries = await readdir(this.top, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return files.map((file) => join(file.parentPath, file.name).slice(this.top.length + 1)).toSorted();
  }

  /** What `sha256sum -c` says; rejects when a file does not have its sum. */
  async verify(): Promise<string[]> {
    const options = { cwd: this.top, env: UTF8 };
    const { stdout } = await run("sha256sum", ["--strict", "-c", "SHA256SUMS"], options);
    return stdout.trimEnd().split("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.home, { recursive: true });
  }
}

/** By Info-ZIP where it is installed, else by Python; both check the sums that the archive holds. */
async function unzip(archive: string, out: string): Promise<void> {
  try {
    await run("unzip", ["-q", "-^", archive, "-d", out], { env: UTF8 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    await run("python3", ["-m", "zipfile", "-e", archive, out], { env: UTF8 });
  }
}

export async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(pieces));
}
