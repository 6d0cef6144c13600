import { z } from "zod";

import { secretName } from "../../core/secret-reference.ts";
import {
  type DeliveryAction,
  type DeliveryContext,
  DeliveryError,
  type DeliveryReceipt,
} from "../../ports/delivery-action.ts";
import { SecretError } from "../../ports/secrets.ts";
import { visibleLine } from "../../webhooks/visible-line.ts";
import { type ComposedEmail, composeEmail } from "./compose-email.ts";
import type { Attach } from "./email-attachments.ts";
import { type EmailTimeouts, type MailServer, sendEmail } from "./send-email.ts";

export type EmailActionParts = {
  readonly server: MailServer & {
    /** Addresses, or `@domain` for everybody of a domain; nobody when empty. */
    readonly allowed_recipients: readonly string[];
  };
  /** The value behind a name of the operator's, who is no tenant. Rejects with a SecretError. */
  readonly resolveSecret: (name: string) => Promise<string>;
  readonly timeouts?: EmailTimeouts;
};

export type EmailConfig = {
  readonly to: readonly string[];
  readonly subject?: string | null | undefined;
  readonly attach?: Attach | undefined;
};

const MOST_RECIPIENTS = 20;
const LONGEST_ADDRESS = 254;
const LONGEST_SUBJECT = 200;

/** Mails the result by the operator's server to people whom the operator allows. */
export function createEmailAction(parts: EmailActionParts): DeliveryAction<EmailConfig> {
  return {
    name: "email",
    description:
      "Mails the summary, with the files or the bundle attached, to people whom the operator allows.",
    outward: true,
    semantics: "ask", // a mailbox can't be looked into
    config: configSchema(parts.server.allowed_recipients),
    deliver: (config, context) => deliver(config, context, parts),
    preview: (config, context) => preview(config, context, parts),
  };
}

function configSchema(allowed: readonly string[]): z.ZodType<EmailConfig> {
  const isAllowed = isAllowedBy(allowed);
  return z.strictObject({
    to: z
      .array(
        z
          .email("write a plain address, such as ann@example.com")
          .max(LONGEST_ADDRESS)
          .refine(isAllowed, { error: ({ input }) => howToAllow(String(input), allowed) }),
      )
      .min(1)
      .max(MOST_RECIPIENTS),
    subject: z
      .string()
      .min(1)
      .max(LONGEST_SUBJECT)
      .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u, "write it on one line, without control characters")
      .nullish(),
    attach: z.enum(["bundle", "files", "none"]).default("files"),
  });
}

async function deliver(
  config: EmailConfig,
  context: DeliveryContext,
  parts: EmailActionParts,
): Promise<DeliveryReceipt> {
  const { server, timeouts } = parts;
  const recipients = distinct(config.to);
  const email = await compose(config, context, server);
  const password = await passwordOf(parts);
  const { message_id, bytes } = email;
  const { signal } = context;
  const answer = await sendEmail({ message_id, recipients, bytes, password, signal }, server, timeouts);
  return {
    action: "email",
    // A mailbox has no address to look at; this is where the message leads to.
    links: [`/api/v1/workflows/${context.workflow_id}/bundle`],
    metadata: [
      { name: "message_id", value: message_id },
      { name: "recipients", value: recipients.join(", ") },
      { name: "attachments", value: String(email.attached.length) },
      { name: "bytes", value: String(bytes.byteLength) },
      { name: "answer", value: visibleLine(answer, password === null ? [] : [password]) },
    ],
  };
}

async function preview(config: EmailConfig, context: DeliveryContext, { server }: EmailActionParts) {
  const { subject, message_id, attached, bytes } = await compose(config, context, server);
  return {
    target: distinct(config.to).join(", "),
    effects: [
      `mails "${subject}" (${message_id}, ${bytes.byteLength} bytes) from ${server.from} by ${server.host}:${server.port}`,
      ...attached.map(({ name, size }) => `attaches ${name} (${size} bytes)`),
    ],
  };
}

function compose(
  config: EmailConfig,
  context: DeliveryContext,
  { from }: MailServer,
): Promise<ComposedEmail> {
  const { subject = null, attach = "files" } = config;
  return composeEmail(context, { from, recipients: distinct(config.to), subject, attach });
}

async function passwordOf({ server: { password }, resolveSecret }: EmailActionParts): Promise<string | null> {
  if (password === null) return null;
  try {
    const value = await resolveSecret(secretName(password) ?? password);
    if (!/\p{Cc}/u.test(value)) return value;
  } catch (error) {
    if (!(error instanceof SecretError)) throw error;
    const message = `The mail server's password, delivery.email.password of orca.yaml, is not to be had. ${error.message}`;
    throw new DeliveryError(message, { cause: error });
  }
  throw new DeliveryError(
    `What stands behind ${password} is no password: it has a line break or another control character in it. Set it again, then deliver again.`,
  );
}

/** Nobody gets it twice, however the address is written. */
function distinct(addresses: readonly string[]): string[] {
  return [...new Map(addresses.map((address) => [address.toLowerCase(), address])).values()];
}

function isAllowedBy(allowed: readonly string[]): (address: string) => boolean {
  const known = new Set(allowed.map((entry) => entry.toLowerCase()));
  return (address) => {
    const written = address.toLowerCase();
    return known.has(written) || known.has(written.slice(written.lastIndexOf("@")));
  };
}

function howToAllow(address: string, allowed: readonly string[]): string {
  const recipients = JSON.stringify([...allowed, address]);
  return `${address} may get no mail from here; the operator allows it in orca.yaml with  delivery: { email: { allowed_recipients: ${recipients} } }`;
}
