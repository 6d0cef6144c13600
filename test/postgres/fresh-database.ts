import { randomUUID } from "node:crypto";

import pg from "pg";

/** A database that no other test knows. */
export interface FreshDatabase {
  url: string;
  /** Closes every connection that is still open to it. */
  drop(): Promise<void>;
}

/** Creates an empty database on the server at `url` (`inject("postgresUrl")` in a test). */
export async function freshDatabase(url: string): Promise<FreshDatabase> {
  const name = `orca_${randomUUID().replaceAll("-", "")}`;
  await onServer(url, `create database ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  return { url: own.href, drop: () => onServer(url, `drop database if exists ${name} with (force)`) };
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
