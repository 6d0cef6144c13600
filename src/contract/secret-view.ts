import { z } from "@hono/zod-openapi";

const LONGEST_VALUE = 65_536;

/** A secret as it is shown: its value is never read back. */
export const SecretView = z
  .object({
    name: z.string().describe("What stands behind secret://."),
    created_at: z.string().describe("RFC 3339 in UTC."),
    updated_at: z.string().describe("When its value was last set."),
  })
  .openapi("Secret");
export type SecretView = z.infer<typeof SecretView>;

export const SetSecretBody = z
  .strictObject({
    value: z
      .string()
      .max(LONGEST_VALUE, `use ${LONGEST_VALUE} characters at most`)
      .refine((value) => value.trim() !== "", "give a value; it is empty")
      .describe("Kept encrypted; below 8 characters it can't be kept out of texts."),
  })
  .openapi("SetSecret");

export const RotatedSecretsView = z
  .object({
    rotated: z.int().describe("Secrets that were encrypted anew."),
    unreadable: z
      .array(z.string())
      .describe("Names of those that no key of the server opens; they have to be set again."),
  })
  .openapi("RotatedSecrets");
export type RotatedSecretsView = z.infer<typeof RotatedSecretsView>;
