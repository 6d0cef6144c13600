import { z } from "zod";

export const DeliveryGit = z.strictObject({
  allowed: z
    .array(z.string())
    .default([])
    .describe(
      "Directories whose repositories may be pushed to; their hooks run as this server. https needs none.",
    ),
  author_name: z
    .string()
    .trim()
    .regex(/^[^<>\p{Cc}]{1,200}$/u, "a name is one line without < and >")
    .default("ts-orca")
    .describe("Who commits, and who has written where a delivery names nobody else."),
  author_email: z
    .string()
    .regex(/^[^<>\s\p{Cc}]{1,200}$/u, "an address has no spaces, < or >")
    .default("ts-orca@localhost")
    .describe("The address in those commits. By it, own commits are told from those of people."),
});
