import { stripVTControlCharacters } from "node:util";

/** Keeps the beginning and the end of what a command prints, in bounded memory whatever it prints. */
export class KeptOutput {
  readonly #half: number;
  #head = Buffer.alloc(0);
  #tail = Buffer.alloc(0);
  #seen = 0;

  constructor(bytes: number) {
    this.#half = Math.max(1, Math.floor(bytes / 2));
  }

  push(chunk: Buffer): void {
    this.#seen += chunk.length;
    const room = this.#half - this.#head.length;
    if (room > 0) this.#head = Buffer.concat([this.#head, chunk.subarray(0, room)]);
    const rest = chunk.subarray(Math.max(0, room));
    if (rest.length === 0) return;
    const joined = Buffer.concat([this.#tail, rest]);
    // Cut only now and then: one copy for each half that came, not for each chunk.
    this.#tail = joined.length > 2 * this.#half ? joined.subarray(joined.length - this.#half) : joined;
  }

  text(): string {
    const tail = this.#tail.subarray(Math.max(0, this.#tail.length - this.#half));
    if (this.#head.length + tail.length === this.#seen)
      return printable(Buffer.concat([this.#head, tail]).toString("utf8"));
    const head = this.#head.subarray(0, endOfWholeCharacters(this.#head));
    const end = tail.subarray(startOfWholeCharacter(tail));
    const left = this.#seen - head.length - end.length;
    return printable(`${head.toString("utf8")}\n[… ${left} bytes left out …]\n${end.toString("utf8")}`);
  }
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

function startOfWholeCharacter(bytes: Buffer): number {
  let start = 0;
  while (start < 3 && isContinuation(bytes[start])) start += 1;
  return start;
}

function endOfWholeCharacters(bytes: Buffer): number {
  let last = bytes.length - 1;
  while (last > 0 && bytes.length - last < 4 && isContinuation(bytes[last])) last -= 1;
  const lead = bytes[last] ?? 0;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return bytes.length - last < length ? last : bytes.length;
}

/** Escape sequences whole, then every control code but the line feed and the tab. */
function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control codes are what this is about
  return stripVTControlCharacters(text).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "");
}
