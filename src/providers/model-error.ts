import {
  APICallError,
  InvalidResponseDataError,
  JSONParseError,
  TypeValidationError,
} from "@ai-sdk/provider";

import type { FailureCode } from "../core/failure-policy.ts";
import { ModelError } from "../ports/chat-model.ts";
import type { Endpoint } from "./provider-settings.ts";
import { retryAfterMs } from "./retry-after.ts";
import { readVendorError, type VendorError } from "./vendor-error.ts";

/** An answer that is not a success, as the wire brought it. */
export type HttpFailure = {
  readonly status: number;
  readonly body: string;
  readonly header: (name: string) => string | null;
};

const CREDIT_CODES = /insufficient_quota|billing_|quota_exceeded|insufficient_credits/;
const CREDIT_WORDS = /credit balance is too low|insufficient (credit|balance|fund)|key limit exceeded/;
const UNKNOWN_MODEL =
  /model_not_found|model_not_supported|invalid model|no such model|model\b.{0,120}\b(does not exist|not found)/;
const CONTEXT =
  /context_length_exceeded|string_above_max_length|max_prompt_tokens_exceeded|request_too_large|prompt is too long|maximum context length|exceeds? the( available)? context|context window/;
const REFUSED = /content_filter|content_policy|responsible_ai/;
const LONGEST_QUOTE = 500;

/**
 * The one classification of what can go wrong with a provider. Nothing of the original error is kept but words
 * without credentials, for errors of the SDK carry the whole prompt.
 */
export function toModelError(thrown: unknown, endpoint: Endpoint, model: string | null): ModelError {
  for (const error of chain(thrown)) {
    if (error instanceof ModelError) return error;
    if (APICallError.isInstance(error) && error.statusCode !== undefined) {
      if (isBroken(error)) continue;
      return fromHttp(httpFailure(error), endpoint, model);
    }
  }
  const last = chain(thrown).at(-1);
  const code = chain(thrown).map(systemCode).find(Boolean) ?? null;
  if (code?.includes("TIMEOUT") === true || code === "ETIMEDOUT") {
    return new ModelError("timeout", `${endpoint.provider} did not answer in time (${code}).`);
  }
  if (code !== null || chain(thrown).some(isFetchError)) {
    return unreachable(endpoint, code ?? quote(messageOf(last), endpoint));
  }
  if (chain(thrown).some((error) => error.name === "TimeoutError" || error.name === "AbortError")) {
    return new ModelError("timeout", `${endpoint.provider} did not answer in time.`);
  }
  if (chain(thrown).some(isUnreadable)) {
    return new ModelError("network", `${endpoint.provider} sent an answer that could not be read.`);
  }
  return new ModelError(
    "internal",
    `${endpoint.provider} failed: ${quote(messageOf(last ?? thrown), endpoint)}`,
  );
}

/** Classifies an HTTP answer that is not a success, or a success that carries an error in its body. */
export function fromHttp(failure: HttpFailure, endpoint: Endpoint, model: string | null): ModelError {
  const said = readVendorError(failure.body);
  const status = failure.status < 400 ? (said.status ?? failure.status) : failure.status;
  const code = codeOf(status, said, model);
  const wait = code === "rate_limited" || code === "overloaded" || code === "timeout";
  const message = explain(code, { status, said: quote(said.message, endpoint), endpoint, model });
  return new ModelError(code, message, {
    retryAfterMs: wait ? retryAfterMs(failure.header, Date.now()) : null,
  });
}

function codeOf(status: number, said: VendorError, model: string | null): FailureCode {
  const words = `${said.codes} ${said.message}`.toLowerCase();
  if (status === 402 || CREDIT_CODES.test(said.codes) || (status < 500 && CREDIT_WORDS.test(words)))
    return "credit";
  if (status < 500 && model !== null && UNKNOWN_MODEL.test(words)) return "unknown_model";
  if (status === 413 || (status < 500 && CONTEXT.test(words))) return "context_overflow";
  if (status < 500 && REFUSED.test(words)) return "refusal";
  if (status === 401 || status === 403) return "auth";
  if (status === 404) return model === null ? "network" : "unknown_model";
  if (status === 408 || status === 504 || status === 524) return "timeout";
  if (status === 429 || said.codes.includes("rate_limit")) return "rate_limited";
  if (status >= 500 || /overloaded|server_error|api_error/.test(said.codes)) return "overloaded";
  return status < 400 ? "network" : "internal";
}

type Explained = {
  readonly status: number;
  readonly said: string;
  readonly endpoint: Endpoint;
  readonly model: string | null;
};

const EXPLANATIONS: Partial<Record<FailureCode, (failure: Explained) => string>> = {
  auth: ({ status, endpoint: { secret, credential, url } }) =>
    secret === null
      ? `${capital(credential)} is not set, and ${url} asks for one (${status})`
      : `${capital(credential)} was refused (${status}) by ${url}`,
  credit: ({ status, endpoint: { provider, credential } }) =>
    `${provider} has no credit left (${status}). Top it up or change ${credential}, then resume`,
  unknown_model: ({ status, model, endpoint: { provider, address } }) =>
    `${provider} does not know the model ${model} (${status}). Choose one of its catalogue, or check ${address}`,
  context_overflow: ({ status, model, endpoint: { provider } }) =>
    `The request is longer than the model ${model} of ${provider} can read (${status})`,
  rate_limited: ({ status, endpoint: { provider } }) => `${provider} limits the rate of requests (${status})`,
  refusal: ({ status, endpoint: { provider } }) =>
    `${provider} refused the request by its content rules (${status})`,
  network: ({ status, endpoint: { provider, url, address } }) =>
    `${url} answered (${status}), but not as ${provider} should. Check ${address}`,
};

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function explain(code: FailureCode, failure: Explained): string {
  const explained =
    EXPLANATIONS[code]?.(failure) ?? `${failure.endpoint.provider} answered ${failure.status}`;
  return failure.said === "" ? `${explained}.` : `${explained}: ${failure.said}`;
}

/** The endpoint could not be reached at all. */
export function unreachable(endpoint: Endpoint, reason: string): ModelError {
  return new ModelError(
    "network",
    `${endpoint.url} can't be reached (${reason}). Check that it is up, and ${endpoint.address}.`,
  );
}

function httpFailure(error: APICallError): HttpFailure {
  return {
    status: statusOf(error),
    body: bodyOf(error),
    header: (name) => error.responseHeaders?.[name] ?? null,
  };
}

// The package for OpenAI makes up a status for a success that it can't use; there the body is an object, against its type.
function statusOf(error: APICallError): number {
  const body: unknown = error.responseBody ?? "";
  return typeof body === "string" ? (error.statusCode ?? 0) : 200;
}

function bodyOf(error: APICallError): string {
  const body: unknown = error.responseBody ?? "";
  return typeof body === "string" ? body : JSON.stringify(body);
}

// A success whose body broke off has its reason further down the chain; one that says `error` is classified by that.
function isBroken(error: APICallError): boolean {
  return statusOf(error) < 400 && !readVendorError(bodyOf(error)).declared;
}

function isFetchError(error: Error): boolean {
  return error instanceof TypeError && /^(fetch failed|terminated)/.test(error.message);
}

function isUnreadable(error: Error): boolean {
  return (
    JSONParseError.isInstance(error) ||
    TypeValidationError.isInstance(error) ||
    InvalidResponseDataError.isInstance(error) ||
    (APICallError.isInstance(error) && error.statusCode !== undefined) ||
    error instanceof SyntaxError
  );
}

function chain(thrown: unknown): Error[] {
  const errors: Error[] = [];
  for (let error = thrown; error instanceof Error && errors.length < 8; error = error.cause)
    errors.push(error);
  return errors;
}

function systemCode(error: Error): string | null {
  const code: unknown = Reflect.get(error, "code");
  return typeof code === "string" && /^[A-Z][A-Z0-9_]+$/.test(code) ? code : null;
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Words of a vendor, cut and without credentials: some repeat the key, whole or masked. */
export function quote(words: string, endpoint: Endpoint): string {
  const known = endpoint.secret === null ? words : words.replaceAll(endpoint.secret, "[key]");
  const clean = known
    .slice(0, 2 * LONGEST_QUOTE) // the patterns below take time by the square of what they read
    .replaceAll(/\b(?:sk|gh[a-z]|github_pat|xai|gsk)[-_][\w*.-]{6,}/g, "[key]")
    .replaceAll(/\S*\*{3,}\S*/g, "[key]");
  return clean.length > LONGEST_QUOTE ? `${clean.slice(0, LONGEST_QUOTE)}…` : clean;
}
