import pg from "pg";

import type { OpenSystem } from "../system.ts";
import { groupStatement, groupValues, STATEMENTS, TABLES } from "./postgres-statements.ts";
import { type RawState, rawSystem, type RawWrite } from "./raw-workflow.ts";

type Write = (write: RawWrite) => Promise<void>;

const CONNECTIONS = 16;
const MOST_FLIGHTS = 2;

/** `transaction`: BEGIN, a statement a row, COMMIT. `statement`: one round trip. `group`: one for all that wait. */
export function openRawPostgres(mode: "transaction" | "statement" | "group"): OpenSystem {
  return async (place, job) => {
    const pool = new pg.Pool({ connectionString: place.databaseUrl ?? "", max: CONNECTIONS });
    await pool.query(TABLES);
    const writes: Record<typeof mode, Write> = {
      transaction: (write) => inTransaction(pool, write),
      statement: (write) => inOneStatement(pool, write),
      group: grouped(pool),
    };
    return rawSystem(
      {
        write: writes[mode],
        load: (workflow) => load(pool, workflow),
        close: () => pool.end(),
      },
      job,
    );
  };
}

async function load(pool: pg.Pool, workflow: string): Promise<RawState | null> {
  const { state, done } = STATEMENTS;
  const [row] = (await pool.query<{ status: string; seq: number }>({ ...state, values: [workflow] })).rows;
  if (!row) return null;
  const steps = await pool.query<{ step: number }>({ ...done, values: [workflow] });
  return {
    seq: row.seq,
    finished: row.status === "completed",
    done: new Set(steps.rows.map(({ step }) => step)),
  };
}

async function inTransaction(pool: pg.Pool, write: RawWrite): Promise<void> {
  const { create, record, advance } = STATEMENTS;
  const { workflow } = write;
  const client = await pool.connect();
  try {
    await client.query("begin");
    switch (write.kind) {
      case "create":
        await client.query({ ...create, values: [workflow] });
        await client.query({ ...record, values: [workflow, 1, "workflow.created", null, null] });
        break;
      case "step": {
        const { seq, step, result } = write;
        await client.query({ ...record, values: [workflow, seq, "step.started", step, null] });
        await client.query({ ...record, values: [workflow, seq + 1, "step.completed", step, result] });
        await client.query({ ...advance, values: [workflow, "running", step + 1, seq + 1] });
        break;
      }
      case "finish":
        await client.query({ ...record, values: [workflow, write.seq, "workflow.completed", null, null] });
        await client.query({ ...advance, values: [workflow, "completed", write.step, write.seq] });
    }
    await client.query("commit");
  } finally {
    client.release();
  }
}

async function inOneStatement(pool: pg.Pool, write: RawWrite): Promise<void> {
  const { createAll, stepAll, finishAll } = STATEMENTS;
  const { workflow } = write;
  switch (write.kind) {
    case "create":
      await pool.query({ ...createAll, values: [workflow] });
      return;
    case "step":
      await pool.query({ ...stepAll, values: [workflow, write.seq, write.step, write.result] });
      return;
    case "finish":
      await pool.query({ ...finishAll, values: [workflow, write.seq, write.step] });
  }
}

type Waiting = {
  readonly write: RawWrite;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

/** Everything that waits goes into one statement, with at most two of them under way. */
function grouped(pool: pg.Pool): Write {
  let queue: Waiting[] = [];
  let flights = 0;
  let scheduled = false;
  const fly = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      await pool.query({ ...groupStatement, values: groupValues(batch.map(({ write }) => write)) });
      for (const { resolve } of batch) resolve();
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      flights -= 1;
      schedule();
    }
  };
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      if (queue.length === 0 || flights >= MOST_FLIGHTS) return;
      const batch = queue;
      queue = [];
      flights += 1;
      void fly(batch);
    });
  };
  return (write) =>
    new Promise((resolve, reject) => {
      queue.push({ write, resolve, reject });
      schedule();
    });
}
