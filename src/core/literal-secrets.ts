import { pointerTo } from "./json-pointer.ts";
import { secretName } from "./secret-reference.ts";

/** `pointer` is a JSON Pointer to the field; it never holds the value. `value` is the secret alone, not what stands around it. */
export type LiteralSecret = { readonly pointer: string; readonly value: string };

/** Fields that hold nothing but a secret, whatever it looks like; plurals and camelCase too. */
const SECRET_FIELD =
  /(^|[-_])(tokens?|pass(word|wd|phrase)s?|secrets?|(api|private|secret|access|signing|encryption)[-_]?keys?|authorization|cookie|credentials?)$/i;
/** With a number in them they say how many. */
const COUNT_FIELD = /tokens$/i;
const CAMEL_CASE_FIELD = /(Token|Password|Passphrase|Secret|(Api|Private|Secret|Access|Signing)Key)s?$/;

/** Written so that the prefix alone is no match: texts about tokens name prefixes. */
const TOKENS: readonly RegExp[] = [
  /(?<!\w)gh(?:p|o|u|s|r)_[A-Za-z0-9]{16,}/,
  /\bgithub_pat_[A-Za-z0-9_]{20,}/,
  /(?<!\w)glpat-[A-Za-z0-9_-]{16,}/,
  /(?<!\w)xox(?:a|b|e|p|r|s)-[A-Za-z0-9-]{10,}/,
  /(?<![A-Za-z0-9-])sk-(?=[A-Za-z0-9_-]*\d)[A-Za-z0-9_-]{20,}/,
  /\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}/,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/,
  /\bAIza[A-Za-z0-9_-]{35}/,
  /\bnpm_[A-Za-z0-9]{36}/,
  /(?<!\w)whsec_[A-Za-z0-9+/_-]{16,}/,
  /-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY/,
  /\bhooks\.slack(?:-gov)?\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9_-]{4,}\/[A-Za-z0-9/_-]{8,}/i,
  /\bdiscord(?:app)?\.com\/api\/(?:v\d{1,3}\/)?webhooks\/\d{4,}\/[A-Za-z0-9_-]{8,}/i,
  /(?<![\w-])Bearer\s{1,10}(?=[A-Za-z0-9._~+/-]{0,400}\d)[A-Za-z0-9._~+/-]{16,}/i,
  /(?<![\w.-])eyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{8,}/,
];

const LOGIN = /(?<![\w-])Basic\s{1,10}([A-Za-z0-9+/_-]{6,1000})/gi;

/** Parameters that hold nothing but a secret. */
const QUERY_SECRET =
  /[?&#;](?:x[-_])?(?:(?:access|auth|api|bearer|refresh|id|private|security)[-_]?tokens?|token|(?:api|access|secret|private|auth)[-_]?key|(?:client[-_]?)?secret|password|passwd|pwd|sig)=([^\s&#;"'<>`)\]]{4,400})/gi;

/** As long as a password may be, so that a hostile text is not read over and over. */
const URL_PASSWORD = /\b[a-z][a-z0-9+.-]{1,30}:\/\/[^\s/?#@:"'<>]{0,200}:([^\s/?#@"'<>]{1,400})@/gi;

/** Placeholders of URLs, which are no passwords: `${NAME}`, `<password>`, stars, `secret://NAME`. */
const URL_PLACEHOLDER = /^(\*+|x{3,}|\.{3,}|\$\{?\w+\}?|\{\w+\}|%24%7B\w+%7D|\[redacted\]|secret:\/\/\w+)$/i;

/** Whether a text is, or holds, what has the form of a known kind of token, of a private key, of a login or of a URL with a secret. */
export function holdsToken(text: string): boolean {
  return looksLikeToken(text) || secretInUrl(text) !== null;
}

/**
 * The pointer to the first string that looks like a secret, or stands in a field that is for secrets and is no
 * `secret://NAME`; null when there is none. Pointers begin at `value` itself.
 */
export function findLiteralSecret(value: unknown): string | null {
  return literalSecrets(value)[0]?.pointer ?? null;
}

/** Every secret that stands in a value, in the order in which it is read. */
export function literalSecrets(value: unknown): readonly LiteralSecret[] {
  const found: LiteralSecret[] = [];
  const open: Place[] = [{ value, path: null, inSecretField: false }];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const { path, inSecretField } = place;
    const secret = secretIn(place.value, inSecretField);
    if (secret !== null) found.push({ pointer: pointerOf(path), value: secret });
    if (typeof place.value !== "object" || place.value === null) continue;
    const list = Array.isArray(place.value);
    const inner = Object.entries(place.value).map(([key, child]): Place => {
      // The name of a field may itself be one, and is then not repeated in a pointer.
      if (!list && holdsToken(key)) found.push({ pointer: pointerOf(path), value: key });
      const named = list ? inSecretField : inSecretField || isSecretField(key, child);
      return { value: child, path: { above: path, key: holdsToken(key) ? "" : key }, inSecretField: named };
    });
    open.push(...inner.toReversed());
  }
  return found;
}

/** From the field upwards, so that a deep value costs no more than a wide one. */
type Path = { readonly above: Path; readonly key: string } | null;

type Place = {
  readonly value: unknown;
  readonly path: Path;
  /** Its field, or one around it, is for secrets. */
  readonly inSecretField: boolean;
};

function isSecretField(key: string, value: unknown): boolean {
  if (typeof value === "number" && COUNT_FIELD.test(key)) return false;
  return SECRET_FIELD.test(key) || CAMEL_CASE_FIELD.test(key);
}

function secretIn(value: unknown, inSecretField: boolean): string | null {
  if (typeof value === "number" || typeof value === "bigint") return inSecretField ? String(value) : null;
  if (typeof value !== "string" || value === "" || secretName(value) !== null) return null;
  if (inSecretField || looksLikeToken(value)) return value;
  return secretInUrl(value);
}

function looksLikeToken(text: string): boolean {
  return TOKENS.some((token) => token.test(text)) || holdsLogin(text);
}

/** `Basic` before the base64 of `user:password`; before other words it is a word. */
function holdsLogin(text: string): boolean {
  return text.matchAll(LOGIN).some(([, base64 = ""]) => {
    // A text whose length can't be is none.
    const login = base64.length % 4 === 1 ? "" : atob(base64.replaceAll("-", "+").replaceAll("_", "/"));
    return /^[ -~]+$/.test(login) && login.includes(":");
  });
}

function secretInUrl(text: string): string | null {
  for (const pattern of [URL_PASSWORD, QUERY_SECRET]) {
    for (const [, secret = ""] of text.matchAll(pattern)) if (!URL_PLACEHOLDER.test(secret)) return secret;
  }
  return null;
}

function pointerOf(path: Path): string {
  const keys: string[] = [];
  for (let at = path; at !== null; at = at.above) keys.push(at.key);
  return pointerTo(keys.toReversed());
}
