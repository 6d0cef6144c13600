import { describe, expect, test } from "vitest";

import { openStorage } from "../open-storage.ts";
import { aCommit, anEvent } from "./a-commit.ts";
import { recordingLogger, type StoreUnderTest } from "./store-under-test.testsuite.ts";

const SCHEMA_QUERIES = {
  sqlite: `select sql || ';' as line from sqlite_schema
    where name not like 'kysely_%' and sql is not null order by type desc, name`,
  // PostgreSQL keeps no text of its tables; this says all of them that we decide.
  postgres: `
    select line from (
      select 1 as part, c.relname as name, a.attnum as at, format('column %s.%s %s%s%s;', c.relname, a.attname,
          format_type(a.atttypid, a.atttypmod), case when a.attnotnull then ' not null' else '' end,
          case when l.collname <> 'default' then ' collate ' || l.collname else '' end) as line
        from pg_attribute a join pg_class c on c.oid = a.attrelid left join pg_collation l on l.oid = a.attcollation
        where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0
      union all
      select 2, c.relname, 0, format('table %s with (%s);', c.relname, array_to_string(c.reloptions, ', '))
        from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.reloptions is not null
      union all
      select 3, tablename || indexname, 0, indexdef || ';' from pg_indexes where schemaname = 'public'
      union all
      select 4, viewname, 0, format('view %s as %s', viewname, definition) from pg_views where schemaname = 'public'
    ) lines where name not like 'kysely_%' order by part, name, at`,
};

export function migrationsSuite(store: StoreUnderTest): void {
  describe("migrations", () => {
    const logger = recordingLogger();

    test("make the tables that the committed dump shows, and make nothing the second time", async () => {
      const url = await store.freshUrl();
      const dump = async () => {
        await (await openStorage(url, { logger })).close();
        const lines = await store.execute(url, SCHEMA_QUERIES[store.kind]);
        return `${lines.map(({ line }) => String(line)).join("\n")}\n`;
      };
      const first = await dump();
      await expect(first).toMatchFileSnapshot(`./testsuite/schema.${store.kind}.sql`);
      expect(await dump()).toBe(first);
    });

    test("keep what is stored", async () => {
      const url = await store.freshUrl();
      const before = await openStorage(url, { logger });
      await before.forTenant("acme").commit(aCommit());
      await before.close();
      const after = await openStorage(url, { logger });
      expect(await after.forTenant("acme").loadHead("w1")).toEqual(aCommit().head);
      await after.close();
    });

    test("a database that a newer version has changed is refused", async () => {
      const url = await store.freshUrl();
      await (await openStorage(url, { logger })).close();
      await store.execute(
        url,
        "insert into kysely_migration (name, timestamp) values ('9999_future', '2027-01-01T00:00:00.000Z')",
      );
      const opened = openStorage(url, { logger });
      await expect(opened).rejects.toMatchObject({ name: "StorageError", code: "storage_outdated" });
      await expect(opened).rejects.toThrow(/9999_future.*Install that version/);
    });

    test("the view `events` shows one row an event, odd text and all", async () => {
      const url = await store.freshUrl();
      const storage = await openStorage(url, { logger });
      const events = [anEvent(1), anEvent(2, "nul \0, half \ud83d, whole 🐋")];
      await storage.forTenant("acme").commit(aCommit({ events }));
      await storage.forTenant("acme").commit(aCommit({ expected_version: 1, events: [anEvent(3)] }));
      await storage.close();
      const rows = await store.execute(url, "select * from events order by seq");
      expect(rows).toHaveLength(3);
      expect(rows.map(({ seq }) => seq)).toEqual([1, 2, 3]);
      const { payload, ...row } = rows[0]!;
      expect(row).toEqual({
        tenant_id: "acme",
        workflow_id: "w1",
        seq: 1,
        type: "role.completed",
        role: "implementer",
        step_id: "task:a#0",
        task_id: "a",
        actor: "engine",
        version: 1,
        occurred_at: events[0]!.occurred_at,
      });
      const value: unknown = typeof payload === "string" ? JSON.parse(payload) : payload;
      expect(value).toEqual(events[0]!.payload);
    });
  });
}
