export type TokenPattern = { readonly kind: string; readonly pattern: RegExp };

const BASE64 = "[A-Za-z0-9+/]{40}";

/** With what may stand between it and the first letter of the key, in a file or in a string of a program. */
function begin(title: string): string {
  return String.raw`-----BEGIN ${title}-----(?:\s|\\[rn])*`;
}

/** Kinds of tokens that secretlint's preset has no rule for, and that its rules of the kind miss. */
export const TOKEN_PATTERNS: readonly TokenPattern[] = [
  { kind: "google", pattern: /(?<![A-Za-z0-9_-])AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/g },
  { kind: "webhook signing", pattern: /(?<![A-Za-z0-9_])whsec_[A-Za-z0-9+/]{32,}={0,2}/g },
  // The preset knows no key below 100 characters, as those of Ed25519 are, none that is cut off, and none of PGP.
  {
    kind: "privatekey",
    pattern: new RegExp(`${begin("(?:[A-Z]{2,12} )?PRIVATE KEY")}(?:M[A-P]|b3Bl)${BASE64}`, "g"),
  },
  {
    kind: "privatekey",
    pattern: new RegExp(
      `${begin("PGP PRIVATE KEY BLOCK")}(?:(?:[A-Z][a-z]+: [^\\n]{0,200}\\n)+\\s*)?l${BASE64}`,
      "g",
    ),
  },
  { kind: "openai", pattern: /(?<![A-Za-z0-9-])sk-(?:proj-|svcacct-)?[A-Za-z0-9]{40,}(?![A-Za-z0-9_-])/g },
];

/** From the documentation of Standard Webhooks, where everybody copies it from. */
const KNOWN_EXAMPLES: ReadonlySet<string> = new Set(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]);

const PREFIX = /^[A-Za-z]{2,12}[_-]/;
const FEWEST_CHARACTERS = 5;

/** Whether it only shows how such a token looks, as `ghp_xxxxxxxx` does: with so few characters it protects nothing. */
export function isPlaceholder(token: string): boolean {
  return KNOWN_EXAMPLES.has(token) || new Set(token.replace(PREFIX, "")).size < FEWEST_CHARACTERS;
}
