import { extname } from "node:path";
import { setImmediate as breathe } from "node:timers/promises";

import type { lintSource } from "@secretlint/core";

import { type FoundSecret, SecretError, type SecretScanner } from "../ports/secrets.ts";
import { knownForms } from "./known-forms.ts";
import { isPlaceholder, TOKEN_PATTERNS } from "./token-patterns.ts";

export type SecretScannerParts = {
  /** Secrets of the installation itself, which may be in no delivery either. */
  readonly always: readonly string[];
  /** Milliseconds for one scan; past that nobody knows what the rest holds, and it fails. */
  readonly time_ms?: number;
};

/** Read at once; between two of them others have their turn, and the time is looked at. */
const WINDOW = 131_072;
/** What two windows share, so that nothing is cut in two: longer than a private key. */
const OVERLAP = 16_384;
const USUAL_TIME_MS = 120_000;
/** One is enough to stop a delivery; more than these are not looked for. */
const MOST_FOUND = 100;
const ALL_PATHS = "the list of paths";
const KNOWN_KIND = "a stored or configured secret";

/**
 * Looks for tokens by their form, with secretlint's recommended rules and some more, and for known values however they
 * are written. A file can't switch the rules off: directives in comments are not heeded. Rejects with a SecretError.
 */
export function createSecretScanner({ always, time_ms = USUAL_TIME_MS }: SecretScannerParts): SecretScanner {
  return {
    async scan(files, known) {
      const forms = [...new Set([...always, ...known].flatMap((value) => knownForms(value)))];
      const look: Look = { forms, tokens: await loadTokenSearch(), until: performance.now() + time_ms };
      const paths = { path: ALL_PATHS, name: ALL_PATHS, content: files.map(pathLine).join("\n") };
      const found = await scanText(paths, look);
      const untold = new Set(found.map(({ line }) => line));
      for (const [index, { path, content }] of files.entries()) {
        if (found.length >= MOST_FOUND) break;
        // Whoever is told of it must not be told it.
        const name = untold.has(index + 1) ? `file ${index + 1}` : path;
        found.push(...(await scanText({ path, name, content }, look)));
      }
      return found.slice(0, MOST_FOUND);
    },
  };
}

type LintConfig = Parameters<typeof lintSource>[0]["options"]["config"];
/** `name` is what it is called towards people. */
type Source = { readonly path: string; readonly name: string; readonly content: string };
type Hit = { readonly at: number; readonly kind: string };
type TokenSearch = (path: string, text: string) => Promise<readonly Hit[]>;
type Look = {
  readonly forms: readonly string[];
  readonly tokens: TokenSearch;
  readonly until: number;
};

async function scanText({ path, name, content }: Source, look: Look): Promise<FoundSecret[]> {
  const overlap = Math.max(OVERLAP, ...look.forms.map((form) => form.length));
  const size = Math.max(WINDOW, 4 * overlap);
  const found = new Map<string, FoundSecret>();
  let lines = 1;
  for (let start = 0; start < content.length && found.size < MOST_FOUND; start += size - overlap) {
    await breathe();
    if (performance.now() > look.until) throw tookTooLong(name);
    const text = content.slice(start, start + size);
    for (const { at, kind } of [...knownIn(text, look.forms), ...(await look.tokens(path, text))]) {
      // In the shared part it is found twice.
      const line = lines + newlinesIn(text, at);
      found.set(`${line} ${kind}`, { path: name, line, kind });
    }
    if (start + size >= content.length) break;
    lines += newlinesIn(text, size - overlap);
  }
  return [...found.values()].toSorted((left, right) => left.line - right.line);
}

function knownIn(text: string, forms: readonly string[]): Hit[] {
  return forms.flatMap((form) => {
    const at = text.indexOf(form);
    return at < 0 ? [] : [{ at, kind: KNOWN_KIND }];
  });
}

/** Loaded when something is first delivered: the rules are 7,000 lines. */
async function loadTokenSearch(): Promise<TokenSearch> {
  const [{ lintSource: lint }, { rules }] = await Promise.all([
    import("@secretlint/core"),
    import("@secretlint/secretlint-rule-preset-recommend"),
  ]);
  const config: LintConfig = {
    // The filter of comments would let a file switch off what looks for its secrets.
    rules: rules
      .filter(({ meta }) => meta.id !== `${RULE}filter-comments`)
      .map((rule) => ({ id: rule.meta.id, rule })),
  };
  return async (path, text) => {
    const source = { filePath: path, ext: extname(path), content: text, contentType: "text" } as const;
    const { messages } = await lint({ source, options: { config, noPhysicFilePath: true } });
    const byRules = messages
      .filter(({ range: [from, to] }) => !isPlaceholder(text.slice(from, to)))
      .map(({ ruleId, range }) => ({ at: range[0], kind: ruleId.replace(RULE, "").replaceAll("-", " ") }));
    return [...byRules, ...byPatterns(text)];
  };
}

const RULE = "@secretlint/secretlint-rule-";

function byPatterns(text: string): Hit[] {
  return TOKEN_PATTERNS.flatMap(({ kind, pattern }) =>
    [...text.matchAll(pattern)]
      .filter(([token]) => !isPlaceholder(token))
      .map(({ index }) => ({ at: index, kind })),
  );
}

function newlinesIn(text: string, end: number): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0 && at < end; at = text.indexOf("\n", at + 1)) count += 1;
  return count;
}

/** A path is sent as well; all of them are read as one text with a line for each. */
function pathLine({ path }: { readonly path: string }): string {
  return path.replaceAll("\n", " ");
}

function tookTooLong(name: string): SecretError {
  return new SecretError(
    `It could not be told in time whether ${name} holds a secret, so nothing was sent. Deliver it to a place of your own, such as artifact-bundle, or make the files smaller.`,
    { code: "scan_failed" },
  );
}
