/** Finds the value behind a name at the moment it is needed. */
export interface SecretResolver {
  /** Rejects with a SecretError that says where it was looked for and how to set it. */
  resolve(tenantId: string, name: string): Promise<string>;
}

/** A secret in the encrypted store; its value is never read back. */
export type StoredSecret = {
  readonly name: string;
  readonly created_at: string;
  readonly updated_at: string;
};

/** The encrypted store of one installation. */
export interface SecretStore {
  /** Rejects with a SecretError when there is no key to encrypt with. */
  set(tenantId: string, name: string, value: string): Promise<StoredSecret>;
  list(tenantId: string): Promise<readonly StoredSecret[]>;
  /** False when there was none. */
  delete(tenantId: string, name: string): Promise<boolean>;
  /** Encrypts what is under the previous key with the newest one. Rejects with a SecretError when there is none. */
  rotate(tenantId: string): Promise<RotatedSecrets>;
}

export type RotatedSecrets = {
  /** Those that were encrypted anew. */
  readonly rotated: number;
  /** Those that no key opens: they have to be set again. */
  readonly unreadable: readonly string[];
};

/**
 * `secret_key_missing`: there is no key to encrypt with; `secret_not_found`: it is nowhere, or may not be read;
 * `secret_unreadable`: it is there, and no key opens it, or it is damaged; `scan_failed`: nobody knows what a text holds.
 */
export type SecretErrorCode = "secret_key_missing" | "secret_not_found" | "secret_unreadable" | "scan_failed";

/** `message` says what to do next and holds no secret. */
export class SecretError extends Error {
  override readonly name = "SecretError";
  readonly code: SecretErrorCode;

  constructor(
    message: string,
    { code = "secret_not_found", ...options }: ErrorOptions & { readonly code?: SecretErrorCode } = {},
  ) {
    super(message, options);
    this.code = code;
  }
}

/** Something in an outgoing text that looks like a secret; the text itself is not repeated. */
export type FoundSecret = { readonly path: string; readonly line: number; readonly kind: string };

/** Looks through what is about to leave, before it leaves. */
export interface SecretScanner {
  scan(
    files: readonly { readonly path: string; readonly content: string }[],
    known: readonly string[],
  ): Promise<readonly FoundSecret[]>;
}
