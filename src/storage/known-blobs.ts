const CAPACITY = 4096;

/** The hashes stored most recently, so that a blob that is surely there is not sent again. Nothing deletes blobs. */
export class KnownBlobs {
  readonly #names = new Set<string>();

  has(tenantId: string, hash: string): boolean {
    const name = `${hash} ${tenantId}`;
    if (!this.#names.delete(name)) return false;
    this.#names.add(name);
    return true;
  }

  /** To be called once the write is durable, never before. */
  add(tenantId: string, hash: string): void {
    this.#names.add(`${hash} ${tenantId}`);
    if (this.#names.size <= CAPACITY) return;
    for (const oldest of this.#names) {
      this.#names.delete(oldest);
      break;
    }
  }
}
