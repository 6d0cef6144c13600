import { z } from "zod";

import { SecretReference } from "../core/secret-reference.ts";

const ALLOWED_DOMAIN = /^@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}$/;
const HOST = /^[A-Za-z0-9.:-]+$/;
const ON_THIS_MACHINE: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "::1"]);

const AllowedRecipient = z
  .string()
  .refine(
    (text) => ALLOWED_DOMAIN.test(text) || z.email().safeParse(text).success,
    "write an address, such as ann@example.com, or a whole domain, such as @example.com",
  );

/** The mail server of the installation, and who may get mail from it. */
export const DeliveryEmail = z
  .strictObject({
    host: z.string().min(1).max(253).regex(HOST, "write a host name or an address").describe("Mail server."),
    port: z.int().min(1).max(65_535).describe("Its port: usually 465 for tls and 587 for starttls."),
    secure: z
      .enum(["tls", "starttls", "none"])
      .describe("tls: from the first byte on; starttls: before anything is said, or not at all."),
    user: z.string().min(1).max(320).nullable().default(null).describe("Who logs in; null: nobody."),
    password: SecretReference.nullable()
      .default(null)
      .describe("Only as secret://NAME, which is looked up when a message is sent."),
    from: z.email("write an address, such as orca@example.com").max(254).describe("Whom messages are from."),
    allowed_recipients: z
      .array(AllowedRecipient)
      .max(1_000)
      .default([])
      .describe("Who may get mail: addresses, or @domain for everybody of a domain; empty: nobody."),
  })
  .refine(({ user, password }) => (user === null) === (password === null), {
    error: "a login is a user and a password; give both or neither",
    path: ["password"],
  })
  .refine(
    ({ secure, password, host }) => secure !== "none" || password === null || ON_THIS_MACHINE.has(host),
    {
      error: "a password goes to another machine over tls or starttls only",
      path: ["secure"],
    },
  );
export type DeliveryEmail = z.infer<typeof DeliveryEmail>;
