import { DatabaseSync } from "node:sqlite";

import type { RawState, RawWrite } from "./raw-workflow.ts";

const TABLES = `
create table if not exists workflow (
  id text primary key, status text not null, step integer not null, seq integer not null, updated integer not null
) without rowid;
create table if not exists event (
  id integer primary key, workflow text not null, seq integer not null, type text not null,
  step integer, data text, at integer not null
);
create unique index if not exists event_place on event (workflow, seq);`;

/** The two tables of the raw rows, with every statement prepared once and synchronous=FULL. */
export class SqliteTables {
  readonly #database: DatabaseSync;
  readonly #transact: (writes: readonly RawWrite[]) => void;

  constructor(file: string) {
    const database = new DatabaseSync(file);
    database.exec("pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 5000");
    database.exec(TABLES);
    this.#database = database;
    this.#transact = prepareTransaction(database);
  }

  /** All of them in one transaction. */
  apply(writes: readonly RawWrite[]): void {
    this.#transact(writes);
  }

  load(workflow: string): RawState | null {
    const row = this.#database.prepare("select status, seq from workflow where id = ?").get(workflow);
    if (!row) return null;
    const steps = this.#database
      .prepare("select step from event where workflow = ? and type = 'step.completed'")
      .all(workflow);
    return {
      seq: Number(row["seq"]),
      finished: row["status"] === "completed",
      done: new Set(steps.map((step) => Number(step["step"]))),
    };
  }

  close(): void {
    this.#database.close();
  }
}

function prepareTransaction(database: DatabaseSync): (writes: readonly RawWrite[]) => void {
  const begin = database.prepare("begin immediate");
  const commit = database.prepare("commit");
  const create = database.prepare("insert into workflow values (?, 'running', 0, 1, ?)");
  const record = database.prepare(
    "insert into event (workflow, seq, type, step, data, at) values (?, ?, ?, ?, ?, ?)",
  );
  const advance = database.prepare(
    "update workflow set status = ?, step = ?, seq = ?, updated = ? where id = ?",
  );
  const one = (write: RawWrite): void => {
    const { workflow } = write;
    const at = Date.now();
    switch (write.kind) {
      case "create":
        create.run(workflow, at);
        record.run(workflow, 1, "workflow.created", null, null, at);
        return;
      case "step":
        record.run(workflow, write.seq, "step.started", write.step, null, at);
        record.run(workflow, write.seq + 1, "step.completed", write.step, write.result, at);
        advance.run("running", write.step + 1, write.seq + 1, at, workflow);
        return;
      case "finish":
        record.run(workflow, write.seq, "workflow.completed", null, null, at);
        advance.run("completed", write.step, write.seq, at, workflow);
    }
  };
  return (writes) => {
    begin.run();
    for (const write of writes) one(write);
    commit.run();
  };
}
