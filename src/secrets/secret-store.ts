import type { Clock } from "../ports/clock.ts";
import { type RotatedSecrets, SecretError, type SecretStore, type StoredSecret } from "../ports/secrets.ts";
import type { SecretRow, Storage } from "../ports/storage.ts";
import { SecretKey } from "./secret-key.ts";

export type SecretStoreParts = {
  readonly storage: Pick<Storage, "forTenant">;
  readonly clock: Clock;
  /** As the configuration has checked them; null without one. */
  readonly key: string | null;
  /** The key before it, which is only read with. */
  readonly previousKey: string | null;
};

export const HOW_TO_SET_A_KEY =
  "make a key with `openssl rand -base64 32`, give it to the server as ORCA_SECRET_KEY (or put it into a file and name that in ORCA_SECRET_KEY_FILE), and start it again";

/** Values in the database under AES-256-GCM, each bound to its tenant, its name and its key. */
export class EncryptedSecretStore implements SecretStore {
  readonly #storage: SecretStoreParts["storage"];
  readonly #clock: Clock;
  readonly #key: SecretKey | null;
  readonly #previous: SecretKey | null;

  constructor({ storage, clock, key, previousKey }: SecretStoreParts) {
    this.#storage = storage;
    this.#clock = clock;
    this.#key = key === null ? null : new SecretKey(key);
    this.#previous = previousKey === null ? null : new SecretKey(previousKey);
  }

  async set(tenantId: string, name: string, value: string): Promise<StoredSecret> {
    const key = this.#needsKey("store a secret");
    const at = this.#now();
    const sealed = key.seal(value, { tenant_id: tenantId, name });
    const put = await this.#storage
      .forTenant(tenantId)
      .putSecret({ name, ...sealed, created_at: at, updated_at: at });
    return { name, created_at: put?.created_at ?? at, updated_at: at };
  }

  async list(tenantId: string): Promise<readonly StoredSecret[]> {
    const rows = await this.#storage.forTenant(tenantId).listSecrets();
    return rows.map(({ name, created_at, updated_at }) => ({ name, created_at, updated_at }));
  }

  async delete(tenantId: string, name: string): Promise<boolean> {
    return this.#storage.forTenant(tenantId).deleteSecret(name);
  }

  /** The value; null when the tenant has stored none of this name. Rejects with a SecretError when it can't be opened. */
  async read(tenantId: string, name: string): Promise<string | null> {
    const row = await this.#storage.forTenant(tenantId).getSecret(name);
    return row === null ? null : this.#open(tenantId, row);
  }

  /** All that the tenant has stored and that opens, by name: what its texts are searched for before they leave. */
  async readAll(tenantId: string): Promise<ReadonlyMap<string, string>> {
    const rows = await this.#storage.forTenant(tenantId).listSecrets();
    const values = new Map<string, string>();
    for (const row of rows) {
      const value = this.#keyOf(row)?.open(row, { tenant_id: tenantId, name: row.name }) ?? null;
      if (value !== null) values.set(row.name, value);
    }
    return values;
  }

  async rotate(tenantId: string): Promise<RotatedSecrets> {
    const key = this.#needsKey("encrypt secrets anew");
    const storage = this.#storage.forTenant(tenantId);
    const unreadable: string[] = [];
    let rotated = 0;
    for (const row of await storage.listSecrets()) {
      const place = { tenant_id: tenantId, name: row.name };
      const value = this.#keyOf(row)?.open(row, place) ?? null;
      if (value === null) unreadable.push(row.name);
      if (value === null || row.key_id === key.id) continue;
      // Whoever has set it meanwhile has used the new key already.
      const put = await storage.putSecret({ ...row, ...key.seal(value, place) }, row.nonce);
      if (put !== null) rotated += 1;
    }
    return { rotated, unreadable };
  }

  #open(tenantId: string, row: SecretRow): string {
    const key = this.#keyOf(row);
    if (key === null) throw this.#unopened(row);
    const value = key.open(row, { tenant_id: tenantId, name: row.name });
    if (value !== null) return value;
    throw new SecretError(
      `The stored secret ${row.name} is damaged: its key fits and its content does not. Set it again: orca secrets set ${row.name}`,
      { code: "secret_unreadable" },
    );
  }

  #keyOf({ key_id }: SecretRow): SecretKey | null {
    return [this.#key, this.#previous].find((key) => key?.id === key_id) ?? null;
  }

  #unopened({ name, key_id }: SecretRow): SecretError {
    if (this.#key === null) {
      return new SecretError(
        `The secret ${name} is stored, and the server has no key to open it: start it with the ORCA_SECRET_KEY that was used to store it (key id ${key_id}).`,
        { code: "secret_key_missing" },
      );
    }
    return new SecretError(
      `The secret ${name} was stored under another key (key id ${key_id}; the server has ${this.#key.id}). Give the old key as secrets.previous_key, or set the secret again: orca secrets set ${name}`,
      { code: "secret_unreadable" },
    );
  }

  #needsKey(purpose: string): SecretKey {
    if (this.#key !== null) return this.#key;
    throw new SecretError(`The server has no key to ${purpose}: ${HOW_TO_SET_A_KEY}.`, {
      code: "secret_key_missing",
    });
  }

  #now(): string {
    return this.#clock.now().toISOString();
  }
}
