import type { Compilable, CompiledQuery } from "kysely";

import type { StorageDatabase } from "../schema.ts";

/**
 * A query that is built and compiled once for each database and then only given its values, in the order in which the
 * text has their places: building the hot ones anew takes longer than SQLite needs to answer them.
 */
export function prepared<Row>(
  build: (db: StorageDatabase) => Compilable<Row>,
): (db: StorageDatabase, values: readonly unknown[]) => Promise<readonly Row[]> {
  const compiled = new WeakMap<StorageDatabase, CompiledQuery<Row>>();
  return async (db, values) => {
    const query = compiled.get(db) ?? build(db).compile();
    compiled.set(db, query);
    if (query.parameters.length !== values.length) {
      throw new Error(`this query takes ${query.parameters.length} values, not ${values.length}`);
    }
    return (await db.executeQuery<Row>({ ...query, parameters: values })).rows;
  };
}
