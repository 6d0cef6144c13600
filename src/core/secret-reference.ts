import { z } from "zod";

const SECRET_REFERENCE = /^secret:\/\/([A-Za-z_][A-Za-z0-9_]{0,127})$/;

/** Where a secret stands, such as `secret://GITHUB_TOKEN`; never the secret itself. */
export const SecretReference = z
  .string()
  .regex(
    SECRET_REFERENCE,
    "name a secret, such as secret://GITHUB_TOKEN; a token itself is not taken here (store it with: orca secrets set NAME)",
  );
export type SecretReference = z.infer<typeof SecretReference>;

/** The name in a reference, null for anything else. */
export function secretName(reference: string): string | null {
  return SECRET_REFERENCE.exec(reference)?.[1] ?? null;
}
