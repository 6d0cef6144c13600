import { type CheckedHttp, type CheckedResponse, EgressError } from "../ports/egress.ts";
import { visibleLine } from "./visible-line.ts";

export type WebhookToSend = {
  readonly url: string;
  /** Names the message to its receiver, the same for every attempt. */
  readonly id: string;
  /** JSON text, signed and sent as it stands. */
  readonly body: string;
  /** The one that holds, and while receivers change over the one before it. */
  readonly secrets: readonly string[];
  readonly signal: AbortSignal;
};

/**
 * What an attempt brought. `retry`: it may pass by itself. `gone`: the receiver wants no more (410). `refused`: it stays so until
 * someone mends the address, the secret or the receiver. `detail` is for people; it holds no secret and nothing of the URL's
 * query.
 */
export type WebhookOutcome = {
  readonly kind: "delivered" | "retry" | "gone" | "refused";
  /** Null when there was no answer. */
  readonly status: number | null;
  /** What the receiver asked for, a day at most. */
  readonly retry_after_ms: number | null;
  readonly detail: string;
};

export type WebhookParts = {
  readonly http: CheckedHttp;
  readonly now: () => Date;
  /** How long the receiver may take, 15 s when missing. */
  readonly timeout_ms?: number;
};

const TIMEOUT_MS = 15_000;
const MOST_ANSWER_BYTES = 8 * 1024;
const LONGEST_WAIT_MS = 24 * 3_600_000;
const PASSES_BY_ITSELF: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * Signs and sends one message once, to nowhere but the given address: a redirect is a refusal. Rejects only with what
 * `signal` was aborted with.
 */
export async function sendWebhook(webhook: WebhookToSend, parts: WebhookParts): Promise<WebhookOutcome> {
  const { url, id, body, secrets, signal } = webhook;
  const { signWebhook, WebhookSecretError } = await import("./sign-webhook.ts");
  try {
    const signed = signWebhook({ id, body, secrets, at: parts.now() });
    const answer = await parts.http.request({
      url,
      method: "POST",
      headers: { "content-type": "application/json", "user-agent": "ts-orca-webhooks", ...signed },
      body,
      redirects: "refuse",
      read: "start",
      max_bytes: MOST_ANSWER_BYTES,
      timeout_ms: parts.timeout_ms ?? TIMEOUT_MS,
      signal,
    });
    return outcomeOf(answer, parts.now(), secrets);
  } catch (error) {
    if (error instanceof EgressError) return withoutAnswer(error);
    if (error instanceof WebhookSecretError) return refused(null, error.message);
    throw error;
  }
}

function outcomeOf(answer: CheckedResponse, now: Date, secrets: readonly string[]): WebhookOutcome {
  const { status, headers } = answer;
  // A receiver that repeats the secrets it was told does not bring them into a record.
  const known = secrets.flatMap((secret) => [secret, secret.replace(/^whsec_/, "")]);
  const said = visibleLine(new TextDecoder().decode(answer.body), known);
  const detail = `The receiver answered ${status}${said === "" ? "." : `: ${said}`}`;
  if (status >= 200 && status < 300) return { kind: "delivered", status, retry_after_ms: null, detail };
  if (status >= 500 || PASSES_BY_ITSELF.has(status)) {
    return { kind: "retry", status, retry_after_ms: retryAfterMs(headers["retry-after"], now), detail };
  }
  if (status === 410) return { kind: "gone", status, retry_after_ms: null, detail };
  if (status >= 300 && status < 400) {
    return refused(status, `The receiver redirects (${status}), which is not followed: give its final URL.`);
  }
  return refused(status, detail);
}

function withoutAnswer({ code, message }: EgressError): WebhookOutcome {
  if (code === "refused" || code === "too_many_redirects") return refused(null, message);
  return { kind: "retry", status: null, retry_after_ms: null, detail: message };
}

function refused(status: number | null, detail: string): WebhookOutcome {
  return { kind: "refused", status, retry_after_ms: null, detail };
}

/** Retry-After in seconds or as an HTTP date; null when it does not say. */
function retryAfterMs(value: string | undefined, now: Date): number | null {
  if (value === undefined) return null;
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now.getTime();
  return Number.isNaN(wait) ? null : Math.min(Math.max(wait, 0), LONGEST_WAIT_MS);
}
