import pg from "pg";
import { expect, inject, test } from "vitest";

import { freshDatabase } from "./fresh-database.ts";

async function query(url: string, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

test("two databases on one server do not see each other's tables", async () => {
  const [one, other] = await Promise.all([
    freshDatabase(inject("postgresUrl")),
    freshDatabase(inject("postgresUrl")),
  ]);
  try {
    await query(one.url, "create table only_here (id int)");
    const seen = "select count(*)::int as tables from pg_tables where tablename = 'only_here'";
    expect(await query(one.url, seen)).toEqual([{ tables: 1 }]);
    expect(await query(other.url, seen)).toEqual([{ tables: 0 }]);
  } finally {
    await Promise.all([one.drop(), other.drop()]);
  }
});

test("a dropped database is gone although a connection to it was open", async () => {
  const database = await freshDatabase(inject("postgresUrl"));
  const open = new pg.Client({ connectionString: database.url });
  const cutOff = new Promise<void>((resolve) => open.on("error", () => resolve()));
  await open.connect();
  await database.drop();
  await cutOff;
  await expect(query(database.url, "select 1")).rejects.toThrow(/does not exist/);
});
