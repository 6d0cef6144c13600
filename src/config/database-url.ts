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

/** The same URL without what gives access: a password, or a user that may be a token, is starred out. */
export function maskUrl(text: string): string {
  return text
    .replace(/^([a-z][a-z+.-]*:\/\/[^:@/?#]*):[^@]*@/i, "$1:****@")
    .replace(/([?&](?:password|pass|token|key|api[_-]?key|secret|sslpassword)=)[^&#]*/gi, "$1****");
}
