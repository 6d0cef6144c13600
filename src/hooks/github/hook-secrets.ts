import type { GithubHook } from "../../config/hooks.ts";
import { secretName } from "../../core/secret-reference.ts";
import type { Logger } from "../../ports/logger.ts";
import { SecretError, type SecretResolver } from "../../ports/secrets.ts";

const SHORTEST_SECRET = 16;
/** Forgeries cost no look into the store; a secret that was set anew holds after this. */
const KEPT_MS = 10_000;

export type HookSecretParts = {
  readonly secrets: SecretResolver;
  readonly now: () => Date;
  readonly logger: Logger;
};

/** What GitHub signs with for a hook; null when that can't be found out, which the log tells. */
export function createHookSecrets({ secrets, now, logger }: HookSecretParts) {
  const kept = new Map<string, { readonly secret: string | null; readonly until: number }>();

  const resolved = async ({ name, tenant }: GithubHook, reference: string): Promise<string | null> => {
    try {
      const secret = await secrets.resolve(tenant, reference);
      if (secret.length >= SHORTEST_SECRET) return secret;
      logger.warn(
        { hook: name },
        `the secret ${reference} can be guessed; set one of ${SHORTEST_SECRET} characters or more`,
      );
    } catch (error) {
      if (!(error instanceof SecretError)) throw error;
      logger.warn({ hook: name, reason: error.message }, "events of a hook can't be verified");
    }
    return null;
  };

  return async (hook: GithubHook): Promise<string | null> => {
    const reference = secretName(hook.secret);
    if (reference === null) return hook.secret;
    const key = `${hook.tenant}/${reference}`;
    const known = kept.get(key);
    if (known && now().getTime() < known.until) return known.secret;
    const secret = await resolved(hook, reference);
    kept.set(key, { secret, until: now().getTime() + KEPT_MS });
    return secret;
  };
}
