import type { WebhookEndpoint } from "../config/webhooks.ts";
import { OUTWARD_ATTEMPTS, outwardRetryDelayMs } from "../core/outward-retries.ts";
import { secretName } from "../core/secret-reference.ts";
import type { Clock } from "../ports/clock.ts";
import type { CheckedHttp } from "../ports/egress.ts";
import type { Logger } from "../ports/logger.ts";
import type { ClaimedMessage, MessageResult } from "../ports/outbox.ts";
import { SecretError, type SecretResolver } from "../ports/secrets.ts";
import { sendWebhook, type WebhookOutcome } from "./send-webhook.ts";

export type AttemptParts = {
  readonly http: () => Promise<CheckedHttp>;
  readonly secrets: SecretResolver;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** How long a receiver may take; as long as `sendWebhook` gives it when missing. */
  readonly timeout_ms?: number;
};

/** What is to be written of a message, and what its attempt told of the endpoint. */
export type Attempt = {
  readonly result: MessageResult;
  /** Whether the endpoint takes messages now; null when it was not asked. */
  readonly endpoint_well: boolean | null;
};

/** While nodes change over to another configuration, some know an endpoint before others do. */
const CHANGE_OVER_MS = 10 * 60_000;
const LOOK_ELSEWHERE_MS = 60_000;

/**
 * Sends a message once and says what is to be written of it. Rejects when nothing is known of it: once the signal is
 * aborted, and with what the store of the secrets rejects with.
 */
export async function attemptMessage(
  message: ClaimedMessage,
  endpoint: WebhookEndpoint | undefined,
  parts: AttemptParts,
): Promise<Attempt> {
  const now = parts.clock.now().getTime();
  const unasked = (result: MessageResult): Attempt => ({ result, endpoint_well: null });
  if (endpoint === undefined) return unasked(withoutEndpoint(message, now));
  const { name, tenants } = endpoint;
  if (tenants !== null && !tenants.includes(message.tenant_id)) {
    const reason = `The endpoint ${name} is told nothing of tenant ${message.tenant_id} any more; see webhooks in the configuration.`;
    return unasked(dead(message.attempts, now, reason));
  }
  const secrets = await secretsOf(message, endpoint, parts.secrets);
  // Of a secret that one tenant lacks nobody else's messages hear anything.
  if (secrets instanceof SecretError)
    return unasked(
      resultOf(message, { kind: "retry", detail: secrets.message, retry_after_ms: null }, parts),
    );
  const { http, clock, signal, timeout_ms } = parts;
  const { id, body } = message;
  const outcome = await sendWebhook(
    { url: endpoint.url, id, body, secrets, signal },
    { http: await http(), now: () => clock.now(), ...(timeout_ms === undefined ? {} : { timeout_ms }) },
  );
  return { result: resultOf(message, outcome, parts), endpoint_well: outcome.kind !== "retry" };
}

function withoutEndpoint({ endpoint, attempts, created_at }: ClaimedMessage, now: number): MessageResult {
  const reason = `The configuration has no endpoint ${endpoint}; name it under webhooks and send the message again.`;
  if (now - Date.parse(created_at) >= CHANGE_OVER_MS) return dead(attempts, now, reason);
  const due_at = now + LOOK_ELSEWHERE_MS;
  return { status: "pending", attempts, due_at, last_result: reason, delivered_at: null };
}

/** What a message is signed with; a SecretError when its tenant lacks one of them. */
async function secretsOf(
  { tenant_id }: ClaimedMessage,
  { secret, previous_secret }: WebhookEndpoint,
  secrets: SecretResolver,
): Promise<readonly string[] | SecretError> {
  const named = previous_secret === null ? [secret] : [secret, previous_secret];
  const values: string[] = [];
  try {
    for (const one of named) values.push(await valueOf(one, tenant_id, secrets));
  } catch (error) {
    if (error instanceof SecretError) return error;
    throw error;
  }
  return values;
}

async function valueOf(secret: string, tenantId: string, secrets: SecretResolver): Promise<string> {
  const name = secretName(secret);
  return name === null ? secret : secrets.resolve(tenantId, name);
}

function resultOf(
  message: ClaimedMessage,
  { kind, detail, retry_after_ms }: Pick<WebhookOutcome, "kind" | "detail" | "retry_after_ms">,
  { clock, random }: Pick<AttemptParts, "clock" | "random">,
): MessageResult {
  const now = clock.now();
  const attempts = message.attempts + 1;
  switch (kind) {
    case "delivered": {
      const due_at = now.getTime();
      return { status: kind, attempts, due_at, last_result: detail, delivered_at: now.toISOString() };
    }
    case "retry": {
      if (attempts >= OUTWARD_ATTEMPTS)
        return dead(attempts, now.getTime(), `${detail} This was the last of ${attempts} attempts.`);
      const delay = Math.max(outwardRetryDelayMs(attempts, random()), retry_after_ms ?? 0);
      const due_at = now.getTime() + delay;
      return { status: "pending", attempts, due_at, last_result: detail, delivered_at: null };
    }
    case "gone":
    case "refused":
      return dead(attempts, now.getTime(), detail);
  }
}

function dead(attempts: number, due_at: number, last_result: string): MessageResult {
  return { status: "dead", attempts, due_at, last_result, delivered_at: null };
}
