import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Makes a path absolute; `~/` is the home directory. */
export function expandPath(path: string, base: string): string {
  return path === "~" || path.startsWith("~/") ? join(homedir(), path.slice(2)) : resolve(base, path);
}

/** The database as the store opens it, with the file of SQLite absolute, or null when it is neither kind. */
export function databaseUrl(text: string, base: string): string | null {
  if (text.startsWith("sqlite:")) {
    const path = text.slice("sqlite:".length);
    if (path === "" || path.includes("\0")) return null;
    // Forms that the store refuses in its own words reach it as they are.
    return path === ":memory:" || /^\/\/[^/]/.test(path) ? text : `sqlite:${expandPath(path, base)}`;
  }
  if (!/^postgres(ql)?:\/\//.test(text)) return null;
  return URL.canParse(text) ? text : null;
}

/** Whether a database URL gives a password, before its host or as a parameter; an empty one is none. */
export function holdsPassword(text: string): boolean {
  return /^postgres(ql)?:\/\/([^:@/?#]*:[^@]+@|.*[?&](ssl)?password=[^&#])/i.test(text);
}

/**
 * The same URL with its password starred out. A password may hold `@`, `#` and `/` that nobody encoded, so all from the
 * first colon of the authority to the last `@` counts as it.
 */
export function maskUrl(text: string): string {
  return text
    .replace(/^(?!sqlite:)([a-z][a-z0-9+.-]*:\/*[^:]*):.*@/is, "$1:****@")
    .replace(/([?&](?:password|pass|token|key|api[_-]?key|secret|sslpassword)=)[^&#]*/gi, "$1****");
}
