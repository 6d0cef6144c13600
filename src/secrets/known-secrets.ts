import { SecretError, type SecretResolver } from "../ports/secrets.ts";
import type { EncryptedSecretStore } from "./secret-store.ts";

export type KnownSecretsParts = {
  readonly store: Pick<EncryptedSecretStore, "readAll">;
  readonly resolver: SecretResolver;
  /** Names that the tenant may have from the server's environment. */
  readonly allowed: readonly string[];
};

/** Every value that a tenant can name, for the search through what is about to leave; those that can't be read are left out. */
export type KnownSecrets = (tenantId: string) => Promise<readonly string[]>;

export function createKnownSecrets({ store, resolver, allowed }: KnownSecretsParts): KnownSecrets {
  return async (tenantId) => {
    const stored = await store.readAll(tenantId);
    const shared = await Promise.all(
      allowed.filter((name) => !stored.has(name)).map((name) => valueOrNull(resolver, tenantId, name)),
    );
    return [...stored.values(), ...shared.filter((value) => value !== null)];
  };
}

async function valueOrNull(resolver: SecretResolver, tenantId: string, name: string): Promise<string | null> {
  try {
    return await resolver.resolve(tenantId, name);
  } catch (error) {
    // Nobody can deliver with it either.
    if (error instanceof SecretError) return null;
    throw error;
  }
}
