import { z } from "zod";

import { secretName } from "../core/secret-reference.ts";

const HEXADECIMAL = /^[0-9a-f]{64}$/i;
const BASE64 = /^[A-Za-z0-9+/]{43}=?$/;

/** Told of either key; the value itself is never repeated. */
const NO_KEY =
  "a key is 32 bytes, as base64 or 64 hexadecimal digits; make one with: openssl rand -base64 32";

const SecretKey = z.string().refine((text) => HEXADECIMAL.test(text) || BASE64.test(text), NO_KEY);

const VariableName = z
  .string()
  .refine(
    (name) => secretName(`secret://${name}`) !== null,
    "write the name of a variable, such as SMTP_PASSWORD",
  )
  .refine((name) => !/^orca_/i.test(name), "variables of the server itself are no secrets for deliveries");

/** What encrypts the secrets of tenants, and what they may have of the server's environment. */
export const Secrets = z
  .strictObject({
    key: SecretKey.nullable()
      .default(null)
      .describe("Encrypts stored secrets: ORCA_SECRET_KEY, or ${VARIABLE} here; null: none can be stored."),
    previous_key: SecretKey.nullable()
      .default(null)
      .describe("The key before it: still read with, until `orca secrets rotate` has been run."),
    environment: z
      .array(VariableName)
      .max(100)
      .default([])
      .describe(
        "Variables of the server that every tenant may use as secret://NAME; NAME_FILE names a file with the value.",
      ),
  })
  .refine(({ key, previous_key }) => key !== null || previous_key === null, {
    error: "is there without secrets.key; the newest key goes there",
    path: ["previous_key"],
  });
export type Secrets = z.infer<typeof Secrets>;
