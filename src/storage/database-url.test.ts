import { resolve } from "node:path";

import { expect, test } from "vitest";

import { parseDatabaseUrl } from "./database-url.ts";

test.each([
  ["sqlite:./orca.db", resolve("orca.db")],
  ["sqlite:orca.db", resolve("orca.db")],
  ["sqlite:/data/orca.db", "/data/orca.db"],
  ["sqlite:///data/orca.db", "/data/orca.db"],
  ["sqlite:with space?.db", resolve("with space?.db")],
])("%s is the file %s", (url, file) => {
  expect(parseDatabaseUrl(url)).toEqual({ kind: "sqlite", file });
});

test.each([
  ["postgres://user:secret@db.example:6543/orca", "db.example:6543/orca"],
  ["postgresql://user:secret@db.example/orca?sslmode=require", "db.example:5432/orca"],
  ["postgres://user@/orca?host=/run/postgresql", "/run/postgresql:5432/orca"],
  ["postgres:///orca?host=/run/postgresql", "/run/postgresql:5432/orca"],
  ["postgres://user:p%40ss%2Fword@[::1]:5432/orca", "[::1]:5432/orca"],
  ["postgres://user:secret@localhost", "localhost:5432/user"],
])("%s may be shown as %s", (url, place) => {
  expect(parseDatabaseUrl(url)).toEqual({ kind: "postgres", url, place });
});

test.each([
  "",
  "orca.db",
  "mysql://user:secret@localhost/orca",
  "sqlite:",
  "sqlite::memory:",
  "sqlite://orca.db",
  "postgres:orca",
  "postgres://user:sec/ret@localhost/orca",
  "postgres://user:12/secret@localhost/orca",
  "postgres://user:12#secret@localhost/orca",
  "postgres://user:12?secret@localhost/orca",
  "postgres://user:secret@localhost:port/orca",
  "Postgres//user:secret@localhost/orca",
])("%j is refused with what to write instead, and without what was written", (url) => {
  const parse = () => parseDatabaseUrl(url);
  expect(parse).toThrow(expect.objectContaining({ name: "StorageError", code: "storage_url_invalid" }));
  expect(parse).toThrow(/sqlite:/);
  expect(parse).not.toThrow(/sec|ret/);
});
