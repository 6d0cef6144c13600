/** What a vendor says in the body of a failed request, whatever the shape: all are strings, empty where it says nothing. */
export type VendorError = {
  /** Its code and type in one lower-case text, to be searched. */
  readonly codes: string;
  readonly message: string;
  /** Whether the body is JSON that names an error. */
  readonly declared: boolean;
  /** An HTTP status inside the body, which gateways send with HTTP 200; null when there is none. */
  readonly status: number | null;
};

/** Reads `{error: {message, type, code}}` (OpenAI, Anthropic, gateways), `{error: "…"}` (Ollama), `{message}` and plain text. */
export function readVendorError(body: string): VendorError {
  const parsed = parseObject(body);
  if (parsed === null) return { codes: "", message: plainText(body), declared: false, status: null };
  const inner = parsed["error"];
  if (typeof inner === "string") {
    return { codes: text(parsed["code"]).toLowerCase(), message: inner, declared: true, status: null };
  }
  const error = isObject(inner) ? inner : parsed;
  const status = Number(error["code"] ?? error["status"]);
  return {
    codes: `${text(error["code"])} ${text(error["type"])} ${text(error["status"])}`.toLowerCase(),
    message: text(error["message"]) || text(error["detail"]),
    declared: isObject(inner),
    status: status >= 400 && status < 600 ? status : null,
  };
}

function parseObject(body: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body);
    return isObject(value) ? value : null;
  } catch {
    return null; // not JSON: the text itself is what we have
  }
}

// A proxy in between answers with a page; its markup tells a person nothing.
function plainText(body: string): string {
  return body.trimStart().startsWith("<") ? "" : body.trim();
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
