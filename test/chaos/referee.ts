import { open, readFile, type FileHandle } from "node:fs/promises";

/** One request as the provider saw it. Times are milliseconds since the epoch, of the provider's own clock. */
export type Request = {
  readonly workflow: string;
  readonly role: string;
  readonly step: string;
  readonly attempt: number;
  readonly call: number;
};

/** `asked` is on the disk before anything is answered; `flawed` says that the answer was made to break the contract. */
export type RefereeRecord = Request &
  (
    | {
        readonly kind: "asked";
        readonly at: number;
        /** Whether the request repeats a part of an answer that was cut. */
        readonly leaks: boolean;
      }
    | {
        readonly kind: "answered";
        readonly at: number;
        readonly flawed: boolean;
        /** The fault that was played instead of an answer; null when it was answered. */
        readonly fault: string | null;
        /** What it charges for, input and output together. */
        readonly tokens: number;
        /** False when the asking side was gone before the last byte. */
        readonly whole: boolean;
      }
  );

/** The provider's own record of what it was asked; nothing of the product has a hand in it. */
export class RefereeFile {
  readonly #file: FileHandle;
  #waiting: { readonly line: string; readonly written: () => void }[] = [];
  #writing: Promise<void> | null = null;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(path: string): Promise<RefereeFile> {
    return new RefereeFile(await open(path, "a"));
  }

  /** Resolves when the record is on the disk; records that come together share one sync. */
  append(record: RefereeRecord): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ line: `${JSON.stringify(record)}\n`, written: resolve });
    this.#writing ??= this.#write();
    return promise;
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      await this.#file.appendFile(batch.map(({ line }) => line).join(""));
      await this.#file.datasync();
      for (const { written } of batch) written();
    }
    this.#writing = null;
  }
}

/** The records in the order of their writing, which for requests is the order of their coming. */
export async function readReferee(path: string): Promise<RefereeRecord[]> {
  const text = await readFile(path, "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as RefereeRecord);
}
