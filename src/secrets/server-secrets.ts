import { literalSecrets } from "../core/literal-secrets.ts";

const SCHEME = /^(?:Bearer|Basic|Token)\s+/i;
const SHORTEST = 12;
/** From here on it is taken for no word, whatever it is made of. */
const LONG = 20;

/**
 * The secrets in a configuration: whatever stands in a field for secrets, looks like a token or is the password of a URL.
 * What might stand in any text, such as the `postgres` of a database on the same machine, is left out: it would stop
 * deliveries that hold no secret.
 */
export function serverSecrets(config: unknown): readonly string[] {
  const values = literalSecrets(config).flatMap(({ value }) => [
    value,
    value.replace(SCHEME, ""),
    decoded(value),
  ]);
  return [...new Set(values)].filter(canBeTold);
}

function canBeTold(value: string): boolean {
  return value.length >= LONG || (value.length >= SHORTEST && /\d/.test(value) && /[a-z]/i.test(value));
}

/** The password of a URL as it is sent. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch (error) {
    if (error instanceof URIError) return value;
    throw error;
  }
}
