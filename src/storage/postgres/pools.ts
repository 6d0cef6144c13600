import pg from "pg";

import type { Logger } from "../../ports/logger.ts";

/** Without listeners, a connection that breaks while no query runs on it would end the process. */
export function openPool(config: pg.PoolConfig, logger: Logger): pg.Pool {
  const pool = new pg.Pool({ ...config, types: { getTypeParser } });
  // The pool itself listens to idle connections alone. Whoever holds another hears of it at the next query.
  pool.on("connect", (client) => client.on("error", () => undefined));
  pool.on("error", (error) => logger.warn({ reason: error.message }, "an idle PostgreSQL connection broke"));
  return pool;
}

/** Our bigints are milliseconds, which a number holds. */
export const getTypeParser: typeof pg.types.getTypeParser = (type, format) =>
  type === pg.types.builtins.INT8
    ? Number
    : (pg.types.getTypeParser(type, format) as (text: string) => unknown);

/** Every statement sees what was committed before it; what `work` throws leaves nothing behind. */
export async function inTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query("begin isolation level read committed");
    const result = await work(client);
    await client.query("commit");
    client.release();
    return result;
  } catch (error) {
    await rollBack(client);
    throw error;
  }
}

/** Ends a failed transaction and gives its connection back; one that can't do even that is closed, which ends it too. */
export async function rollBack(client: pg.PoolClient): Promise<void> {
  await client.query("rollback").then(
    () => client.release(),
    (reason: unknown) => client.release(reason instanceof Error ? reason : true),
  );
}
