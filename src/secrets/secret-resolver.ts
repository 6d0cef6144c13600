import { readFile, stat } from "node:fs/promises";

import { SecretError, type SecretResolver } from "../ports/secrets.ts";
import type { EncryptedSecretStore } from "./secret-store.ts";

/** Longer than any token; a file beyond it is something else. */
const LONGEST_FILE = 65_536;

export type SecretResolverParts = {
  readonly store: Pick<EncryptedSecretStore, "read">;
  /** Names that tenants may have from the server's environment; any other would let them read its own keys. */
  readonly allowed: readonly string[];
  /** The environment as it is when it is asked. */
  readonly variable: (name: string) => string | undefined;
};

/**
 * Looks into the tenant's encrypted store, then at `NAME` in the environment, then into the file that `NAME_FILE` names;
 * the latter two only for the names in `secrets.environment`. Every value is taken, but one below 8 characters can't be
 * kept out of texts: it would be found everywhere.
 */
export function createSecretResolver({ store, allowed, variable }: SecretResolverParts): SecretResolver {
  const names = new Set(allowed);
  return {
    async resolve(tenantId, name) {
      const stored = await store.read(tenantId, name);
      if (stored !== null) return usable(stored, `The stored secret ${name}`, name);
      if (!names.has(name)) throw new SecretError(notStored(name));
      const value = variable(name);
      if (value !== undefined && value !== "") return usable(value, `The variable ${name}`, name);
      const file = variable(`${name}_FILE`);
      if (file === undefined || file === "") throw new SecretError(nowhere(name));
      return usable(await readSecretFile(file, name), `The file of ${name}_FILE`, name);
    },
  };
}

function usable(value: string, place: string, name: string): string {
  if (value.trim() !== "") return value;
  throw new SecretError(`${place} is empty; set it again: orca secrets set ${name}`);
}

async function readSecretFile(file: string, name: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > LONGEST_FILE) {
      throw new SecretError(
        `${name}_FILE names a file of ${size} bytes; a secret has at most ${LONGEST_FILE}.`,
      );
    }
    return (await readFile(file, "utf8")).replace(/(\r?\n)+$/, "");
  } catch (error) {
    if (error instanceof SecretError) throw error;
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    throw new SecretError(
      `${name}_FILE: the server can't read ${file} (${code}); mend its path or its rights.`,
      {
        cause: error,
      },
    );
  }
}

function notStored(name: string): string {
  return `There is no secret ${name}. Store it with: orca secrets set ${name}. The server's environment was not asked, since orca.yaml does not list the name; for a secret of the whole installation add ${name} to secrets.environment: [${name}].`;
}

function nowhere(name: string): string {
  return `There is no secret ${name}: it is not stored, and neither ${name} nor ${name}_FILE is set for the server. Store it with: orca secrets set ${name}`;
}
