import { closest, distance } from "fastest-levenshtein";
import { z } from "zod";

import { SecretReference } from "../core/secret-reference.ts";
import { hasNoCredentials } from "../core/url-credentials.ts";
import { NOTICE_TYPES } from "../core/workflow/notices.ts";

const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const TENANT = /^[A-Za-z0-9_-]{1,64}$/;
/** What Standard Webhooks sign with: 24 bytes or more. */
const SIGNING_SECRET = /^whsec_[A-Za-z0-9+/]{32,684}={0,2}$/;
const FARTHEST_MISSPELLING = 4;

const Secret = z
  .string()
  .refine(
    (text) => SIGNING_SECRET.test(text) || SecretReference.safeParse(text).success,
    'give ${VARIABLE} or secret://NAME; its value is whsec_ and base64, as from: echo "whsec_$(openssl rand -base64 32)"',
  );

const EventName = z.string().refine((name) => name === "*" || isNoticeType(name), {
  error: ({ input }) => unknownEvent(String(input)),
});

/** An address that is told of what happens to workflows. */
export const WebhookEndpoint = z.strictObject({
  name: z
    .string()
    .max(32)
    .regex(NAME, "use lower-case letters, digits and single hyphens between them")
    .describe("Names it in messages; what waits under a name that is gone is given up on."),
  url: z
    .url({ protocol: /^https?$/, error: "write a whole URL, such as https://example.com/hooks/orca" })
    .max(2_048)
    .refine(hasNoCredentials, "a URL holds no user or password; messages are signed instead")
    .refine((url) => !url.includes("#"), "leave out everything from the # on; it is never sent")
    .describe("Where messages are posted; it may be a private address, and redirects are not followed."),
  secret: Secret.describe(
    "What messages are signed with (Standard Webhooks): ${VARIABLE}, or secret://NAME of each tenant; a literal is refused.",
  ),
  previous_secret: Secret.nullable()
    .default(null)
    .describe("Signs as well while the receiver changes over to a new secret."),
  events: z
    .array(EventName)
    .min(1)
    .default(["*"])
    .describe(`What it is told of: ${NOTICE_TYPES.join(", ")}, or * for all.`),
  tenants: z
    .array(z.string().regex(TENANT, "use 1 to 64 letters, digits, underscores and hyphens"))
    .min(1)
    .max(1_000)
    .nullable()
    .default(null)
    .describe("Whose workflows it is told of; null: everybody's."),
  enabled: z
    .boolean()
    .default(true)
    .describe("false: nothing is sent, and what happens meanwhile is not told later."),
});
export type WebhookEndpoint = z.infer<typeof WebhookEndpoint>;

/** The endpoints of an installation, each under a name of its own. */
export const WebhookEndpoints = z
  .array(WebhookEndpoint)
  .max(32)
  .superRefine((endpoints, context) => {
    const names = new Set<string>();
    for (const [index, { name }] of endpoints.entries()) {
      if (names.has(name))
        context.addIssue({
          code: "custom",
          path: [index, "name"],
          message: `the name ${name} is used twice`,
        });
      names.add(name);
    }
  });

function isNoticeType(name: string): boolean {
  return (NOTICE_TYPES as readonly string[]).includes(name);
}

function unknownEvent(name: string): string {
  const nearest = closest(name, NOTICE_TYPES);
  const advice =
    distance(name, nearest) <= FARTHEST_MISSPELLING
      ? `did you mean ${nearest}?`
      : `there are ${NOTICE_TYPES.join(", ")}, or * for all`;
  return `there is no event ${name}; ${advice}`;
}
