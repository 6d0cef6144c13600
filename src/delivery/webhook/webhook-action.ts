import { hash } from "node:crypto";

import { z } from "zod";

import { SecretReference } from "../../core/secret-reference.ts";
import { hasNoCredentials } from "../../core/url-credentials.ts";
import { type DeliveryAction, type DeliveryContext, DeliveryError } from "../../ports/delivery-action.ts";
import type { CheckedHttp } from "../../ports/egress.ts";
import { sendWebhook, type WebhookOutcome } from "../../webhooks/send-webhook.ts";
import { refusalOfHost } from "../../workspace/refusal-of-host.ts";
import { webhookBody } from "./webhook-body.ts";

export type WebhookActionParts = {
  readonly http: () => Promise<CheckedHttp>;
  readonly now: () => Date;
  /** Whether the operator allows this place by name: only there http is spoken. */
  readonly isAllowedHost: (url: URL) => boolean;
  /** Called with `webhook.sent` once the receiver has answered. */
  readonly failpoint?: (name: "webhook.sent") => void;
};

export type WebhookConfig = {
  readonly url: string;
  readonly secret: string;
  readonly previous_secret?: string | null | undefined;
  readonly include?: "summary" | "artifacts" | undefined;
};

/** Tells one receiver of the result by a signed message. It may come more than once, under one id. */
export function createWebhookAction(parts: WebhookActionParts): DeliveryAction<WebhookConfig> {
  return {
    name: "webhook",
    description:
      "Posts the result, signed as Standard Webhooks have it, to a URL that knows the secret; at least once, under one id.",
    outward: true,
    semantics: "keyed", // the receiver knows a message that it has had by its id
    config: configSchema(parts.isAllowedHost),
    deliver: (config, context) => deliver(config, context, parts),
    preview: (config, context) => Promise.resolve(previewOf(config, context)),
  };
}

function configSchema(isAllowedHost: WebhookActionParts["isAllowedHost"]): z.ZodType<WebhookConfig> {
  return z.strictObject({
    url: z
      .url({ protocol: /^https?$/, error: "write a whole URL, such as https://example.com/hooks/orca" })
      .max(2048)
      .refine(hasNoCredentials, "a URL holds no user or password; the message is signed instead")
      .refine((url) => !url.includes("#"), "leave out everything from the # on; it is never sent")
      .refine((url) => isEncryptedOrAllowed(url, isAllowedHost), {
        error: ({ input }) => howToAllow(String(input)),
      })
      .superRefine((address, issues) => {
        const url = URL.parse(address);
        const message = url === null ? null : refusalOfHost(url, isAllowedHost);
        if (message !== null) issues.addIssue({ code: "custom", message });
      }),
    secret: SecretReference,
    previous_secret: SecretReference.nullish(),
    include: z.enum(["summary", "artifacts"]).default("artifacts"),
  });
}

async function deliver(config: WebhookConfig, context: DeliveryContext, parts: WebhookActionParts) {
  const body = webhookBody(context, config.include ?? "artifacts");
  const { signal } = context;
  const secrets = await Promise.all(referencesOf(config).map((reference) => context.secret(reference)));
  const id = messageId(context, body);
  const http = await parts.http();
  const outcome = await sendWebhook({ url: config.url, id, body, secrets, signal }, { http, now: parts.now });
  parts.failpoint?.("webhook.sent");
  if (outcome.kind !== "delivered") throw failureOf(outcome, config);
  return {
    action: "webhook",
    links: [withoutQuery(config.url)],
    metadata: [
      { name: "message_id", value: id },
      { name: "status", value: String(outcome.status) },
      { name: "bytes", value: String(Buffer.byteLength(body)) },
    ],
  };
}

function previewOf(config: WebhookConfig, context: DeliveryContext) {
  const body = webhookBody(context, config.include ?? "artifacts");
  return {
    target: withoutQuery(config.url),
    effects: [
      `posts the message ${messageId(context, body)} of ${Buffer.byteLength(body)} bytes`,
      `signed with ${referencesOf(config).join(" and ")}`,
    ],
  };
}

function failureOf({ kind, retry_after_ms, detail }: WebhookOutcome, config: WebhookConfig): DeliveryError {
  const { host } = new URL(config.url);
  if (kind === "retry") {
    return new DeliveryError(`The webhook to ${host} was not taken. ${detail}`, {
      temporary: true,
      retry_after_ms,
    });
  }
  const advice =
    kind === "gone"
      ? "The receiver wants no more messages; deliver to another URL."
      : `Mend the receiver, the URL or what stands behind ${referencesOf(config).join(" and ")}, then deliver again.`;
  return new DeliveryError(`The webhook to ${host} was refused. ${detail} ${advice}`);
}

function referencesOf({ secret, previous_secret }: WebhookConfig): string[] {
  return previous_secret == null ? [secret] : [secret, previous_secret];
}

/** The same for every attempt, and for the same message again: receivers drop what they have had under an id. */
function messageId({ key }: DeliveryContext, body: string): string {
  return `msg_${hash("sha256", `${key}\n${body}`).slice(0, 32)}`;
}

/** A query may hold what is nobody else's to read. */
function withoutQuery(address: string): string {
  const url = new URL(address);
  url.search = "";
  return url.href;
}

function isEncryptedOrAllowed(address: string, isAllowedHost: (url: URL) => boolean): boolean {
  const url = URL.parse(address);
  return url === null || url.protocol === "https:" || isAllowedHost(url);
}

function howToAllow(address: string): string {
  const host = URL.parse(address)?.host ?? "host";
  return `use https; http is only spoken to hosts that orca.yaml allows with  egress: { allowed_hosts: ["${host}"] }`;
}
