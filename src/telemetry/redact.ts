const SECRET_KEY =
  /(^|[-_])(api[-_]?key|(?:private|secret|access)[-_]key|authorization|token|secret|password|passwd|cookie|credentials?)$|^(apiKey|accessToken)$/i;
const BODY_KEY = /^(prompt|instructions|messages|content|answer|request_body|response_body|body|text)$/i;
const DEEPEST = 6;
const STARS = "[redacted]";

export type RedactOptions = { readonly bodies: boolean };

/** A copy of log fields without secrets and, unless `bodies`, without what was said to or by a model. */
export function redact(value: unknown, options: RedactOptions, depth = 0): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= DEEPEST) return "[deep]";
  if (value instanceof Error) return redactError(value, options, depth);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((item) => redact(item, options, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, redactField(key, item, options, depth)]),
  );
}

function redactField(key: string, value: unknown, options: RedactOptions, depth: number): unknown {
  if (value !== null && value !== undefined && SECRET_KEY.test(key)) return STARS;
  if (!options.bodies && BODY_KEY.test(key)) return "[omitted]";
  return redact(value, options, depth + 1);
}

function redactError(error: Error, options: RedactOptions, depth: number): Record<string, unknown> {
  const code = "code" in error ? { code: error.code } : {};
  const cause = error.cause === undefined ? {} : { cause: redact(error.cause, options, depth + 1) };
  return {
    type: error.name,
    message: redactText(error.message),
    ...code,
    ...cause,
    stack: redactText(error.stack ?? ""),
  };
}

/** Stars out passwords in URLs, bearer tokens and the keys of the vendors we know wherever they stand in a text. */
function redactText(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/[^\s:@/]*):[^\s@/]+@/gi, `$1:${STARS}@`)
    .replace(/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/-]{8,}=*/gi, `$1 ${STARS}`)
    .replace(/\b(sk|ghp|gho|ghu|github_pat)[-_][A-Za-z0-9_-]{12,}/g, STARS);
}
