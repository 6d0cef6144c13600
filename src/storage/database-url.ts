import { resolve } from "node:path";

import { StorageError } from "../ports/storage.ts";

export type PostgresUrl = {
  readonly kind: "postgres";
  readonly url: string;
  /** `host:port/database`: what may be shown. */
  readonly place: string;
};
export type DatabaseUrl = { readonly kind: "sqlite"; readonly file: string } | PostgresUrl;

const FORMS = "Write it as sqlite:<path> or postgres://user:password@host:5432/database.";

/** Throws a StorageError; its message repeats nothing of the URL, for it may hold a password. */
export function parseDatabaseUrl(url: string): DatabaseUrl {
  if (url.startsWith("sqlite:")) return { kind: "sqlite", file: sqliteFile(url.slice("sqlite:".length)) };
  if (/^postgres(ql)?:\/\//.test(url)) return { kind: "postgres", url, place: placeOf(url) };
  throw invalid(`The database is neither SQLite nor PostgreSQL. ${FORMS}`);
}

function sqliteFile(path: string): string {
  if (path === "") throw invalid(`The database has no path. ${FORMS}`);
  if (path === ":memory:") {
    throw invalid(`A database in memory would forget every workflow. ${FORMS}`);
  }
  if (/^\/\/[^/]/.test(path)) {
    throw invalid(
      `After sqlite: comes the path itself, without //: sqlite:./orca.db or sqlite:/data/orca.db.`,
    );
  }
  return resolve(path);
}

function placeOf(url: string): string {
  // A host left empty, as with ?host=/run/postgresql, is fine for PostgreSQL but not for URL.
  const parsed = URL.parse(url) ?? URL.parse(url.replace("@/", "@localhost/"));
  // An unescaped / ? or # in the password moves the rest of it behind the host, and with it the @.
  if (parsed === null || `${parsed.pathname}${parsed.search}${parsed.hash}`.includes("@")) {
    throw invalid(
      `The PostgreSQL URL can't be read. ${FORMS} Special characters in the password are percent-encoded: / is %2F, @ is %40, # is %23.`,
    );
  }
  const host = parsed.searchParams.get("host") ?? (parsed.hostname || "localhost");
  const port = parsed.searchParams.get("port") ?? (parsed.port || "5432");
  const database = parsed.pathname.slice(1) || parsed.username;
  return `${host}:${port}/${database}`;
}

function invalid(message: string): StorageError {
  return new StorageError("storage_url_invalid", message);
}
