import { Webhook } from "standardwebhooks";

/** A signing secret can't be used; the message says how to make one and does not repeat it. */
export class WebhookSecretError extends Error {
  override readonly name = "WebhookSecretError";
}

export type WebhookToSign = {
  /** Names the message to its receiver, the same for every attempt; without a dot, which parts what is signed. */
  readonly id: string;
  /** Signed and sent as it stands. */
  readonly body: string;
  /** When this attempt is made: receivers refuse what is older than five minutes. */
  readonly at: Date;
  /** The one that holds, and while receivers change over the one before it. */
  readonly secrets: readonly string[];
};

const ID = /^[A-Za-z0-9_-]{1,256}$/;
const PREFIX = "whsec_";
const FEWEST_BYTES = 24;
const HOW_TO_MAKE_ONE = `Make one with: echo "${PREFIX}$(openssl rand -base64 32)"`;

/** The headers of Standard Webhooks 1.0, with a signature for each secret. Throws a WebhookSecretError. */
export function signWebhook({ id, body, at, secrets }: WebhookToSign): Record<string, string> {
  if (!ID.test(id)) throw new TypeError("a webhook id has letters, digits, hyphens and underscores only");
  if (secrets.length === 0) throw new WebhookSecretError(`There is no signing secret. ${HOW_TO_MAKE_ONE}`);
  const signatures = secrets.map((secret) => new Webhook(checkedSecret(secret)).sign(id, at, body));
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": signatures.join(" "),
  };
}

function checkedSecret(secret: string): string {
  const encoded = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;
  const bytes = Buffer.from(encoded, "base64");
  // Buffer reads over what is no base64, and another reader would come to another key.
  if (bytes.toString("base64") !== encoded) {
    throw new WebhookSecretError(
      `The signing secret is not ${PREFIX} and base64 after it. ${HOW_TO_MAKE_ONE}`,
    );
  }
  if (bytes.byteLength < FEWEST_BYTES) {
    throw new WebhookSecretError(
      `The signing secret has ${bytes.byteLength} bytes, fewer than ${FEWEST_BYTES}. ${HOW_TO_MAKE_ONE}`,
    );
  }
  return encoded;
}
