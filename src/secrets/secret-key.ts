import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";

const ALGORITHM = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID_DIGITS = 8;

/** What an encrypted value is bound to: it opens nowhere else. */
export type SecretPlace = { readonly tenant_id: string; readonly name: string };

export type Sealed = { readonly key_id: string; readonly nonce: string; readonly ciphertext: string };

/** A key of the store. Prints and serializes as its id alone. */
export class SecretKey {
  /** Tells a wrong key from a damaged value, and nothing about the key. */
  readonly id: string;
  readonly #key: Buffer;

  /** `text` is 32 bytes as base64 or 64 hexadecimal digits, as the configuration has checked. */
  constructor(text: string) {
    this.#key = Buffer.from(text, /^[0-9a-f]{64}$/i.test(text) ? "hex" : "base64");
    if (this.#key.length !== 32)
      throw new Error("a key that is not 32 bytes long got past the configuration");
    this.id = createHash("sha256").update(this.#key).digest("hex").slice(0, KEY_ID_DIGITS);
  }

  seal(value: string, place: SecretPlace): Sealed {
    // Drawn anew for each write: a nonce that comes twice under one key would give both values away.
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(this.#boundTo(place));
    const ciphertext = Buffer.concat([cipher.update(value, "utf8"), cipher.final(), cipher.getAuthTag()]);
    return {
      key_id: this.id,
      nonce: nonce.toString("base64"),
      ciphertext: ciphertext.toString("base64"),
    };
  }

  /** Null when it was changed, or belongs to another place. */
  open({ nonce, ciphertext }: Sealed, place: SecretPlace): string | null {
    const sealed = Buffer.from(ciphertext, "base64");
    const iv = Buffer.from(nonce, "base64");
    if (sealed.length < TAG_BYTES || iv.length !== NONCE_BYTES) return null;
    const decipher = createDecipheriv(ALGORITHM, this.#key, iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(this.#boundTo(place));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    const opened = decipher.update(sealed.subarray(0, -TAG_BYTES));
    try {
      return Buffer.concat([opened, decipher.final()]).toString("utf8");
    } catch {
      // Node throws a plain Error for one thing alone: the tag does not fit.
      return null;
    }
  }

  #boundTo({ tenant_id, name }: SecretPlace): Buffer {
    return Buffer.from(JSON.stringify(["orca-secret", 1, tenant_id, name, this.id]), "utf8");
  }
}
