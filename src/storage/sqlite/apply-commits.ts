import type { DatabaseSync, StatementSync } from "node:sqlite";

import type { CommitRefusal } from "../../core/workflow/commit.ts";
import {
  CHANGING_CALL_COLUMNS,
  CHANGING_STEP_COLUMNS,
  CHANGING_TOOL_COLUMNS,
  type CommitTape,
  TAPE_HEADER,
  TAPE_TABLES,
  TOUCH_BLOB,
  type TapeTable,
  type TapeValue,
  WORKFLOW_COLUMNS,
} from "../commit-tape.ts";

/** Null when the commit was applied. */
export type Verdict = CommitRefusal | null;

type WrittenTable = Exclude<TapeTable, "fences">;
const WRITTEN_TABLES = Object.keys(TAPE_TABLES).filter((name) => name !== "fences") as WrittenTable[];
const FIRST_COLUMN = TAPE_HEADER.length;
const FIRST_TABLE = FIRST_COLUMN + WORKFLOW_COLUMNS.length;

/** What `update` leaves alone when it stands so already: indexed columns, and those that hardly ever change. */
const SELDOM_CHANGED = ["status", "closed", "title", "mode"];

/** Applies commits inside the transaction that its caller has open; every statement is prepared once. */
export class CommitWriter {
  readonly #find: StatementSync;
  readonly #fence: StatementSync;
  readonly #create: StatementSync;
  readonly #advance: StatementSync;
  readonly #rewrite: StatementSync;
  readonly #writes: readonly { width: number; key: readonly number[]; statement: StatementSync }[];

  constructor(database: DatabaseSync) {
    const columns = WORKFLOW_COLUMNS.map(([name]) => name);
    const place = "tenant_id = ?1 and id = ?2";
    const assign = (names: readonly string[]) =>
      names.map((name) => `${name} = ?${columns.indexOf(name) + 3}`).join(", ");
    this.#find = database.prepare(
      `select version, ${SELDOM_CHANGED.join(", ")} from workflows where ${place}`,
    );
    this.#find.setReturnArrays(true);
    this.#fence = database.prepare(
      `select 1 from steps where tenant_id = ? and workflow_id = ? and id = ? and attempt = ? and status = 'running'`,
    );
    this.#create = database.prepare(
      `insert into workflows (tenant_id, id, ${columns.join(", ")}) values (?, ?${", ?".repeat(columns.length)})`,
    );
    const always = ["version", "head", "updated_at"];
    this.#advance = database.prepare(`update workflows set ${assign(always)} where ${place}`);
    this.#rewrite = database.prepare(
      `update workflows set ${assign([...always, ...SELDOM_CHANGED])} where ${place}`,
    );
    this.#writes = WRITTEN_TABLES.map((table) => ({
      width: TAPE_TABLES[table].length,
      key: table === "blobs" ? [0] : [0, 1],
      statement: database.prepare(insertInto(table)),
    }));
  }

  /** Checks first and writes then, so that a refusal leaves no trace in the transaction. */
  apply(tape: CommitTape): Verdict {
    const tenantId = tape[0] as string;
    const id = tape[1] as string;
    const expected = tape[2] as number;
    const found = this.#find.get(tenantId, id) as unknown as TapeValue[] | undefined;
    if (expected === 0 && found !== undefined) return "already_exists";
    if (expected !== 0 && found?.[0] !== expected) return "version_conflict";
    let at = FIRST_TABLE;
    for (let rest = tape[at++] as number; rest > 0; rest -= 1) {
      if (!this.#fence.get(tenantId, id, tape[at++]!, tape[at++]!)) return "lease_lost";
    }
    this.#writeWorkflow(tape, found);
    for (const { width, key, statement } of this.#writes) {
      for (let rest = tape[at++] as number; rest > 0; rest -= 1) {
        const row = tape.slice(at, at + width);
        if (key.length === 1) statement.run(tenantId, ...row);
        else statement.run(tenantId, id, ...row);
        at += width;
      }
    }
    return null;
  }

  /** An update that names no indexed column writes one page less. */
  #writeWorkflow(tape: CommitTape, found: TapeValue[] | undefined): void {
    const tenantId = tape[0]!;
    const id = tape[1]!;
    if (found === undefined) {
      this.#create.run(...tape.slice(0, 2), ...tape.slice(FIRST_COLUMN, FIRST_TABLE));
      return;
    }
    const always = tape.slice(FIRST_COLUMN, FIRST_COLUMN + 3);
    const seldom = tape.slice(FIRST_COLUMN + 3, FIRST_COLUMN + 3 + SELDOM_CHANGED.length);
    if (seldom.every((value, index) => value === found[index + 1])) {
      this.#advance.run(tenantId, id, ...always);
    } else {
      this.#rewrite.run(tenantId, id, ...always, ...seldom);
    }
  }
}

function insertInto(table: WrittenTable): string {
  const owner = table === "blobs" ? ["tenant_id"] : ["tenant_id", "workflow_id"];
  const columns = [...owner, ...TAPE_TABLES[table].map(([name]) => name)];
  const values = columns.map(() => "?").join(", ");
  return `insert into ${table} (${columns.join(", ")}) values (${values}) ${onConflict(table)}`;
}

function onConflict(table: WrittenTable): string {
  switch (table) {
    case "steps":
      return `on conflict do update set ${CHANGING_STEP_COLUMNS.map((name) => `${name} = excluded.${name}`).join(", ")}`;
    case "workflow_parts":
      return "on conflict do update set body = excluded.body";
    case "blobs":
      return `on conflict ${TOUCH_BLOB}`;
    case "tool_calls":
      return `on conflict do update set ${CHANGING_TOOL_COLUMNS.map(
        (name) => `${name} = excluded.${name}`,
      ).join(", ")} where tool_calls.status = 'requested'`;
    case "model_calls":
      return `on conflict do update set ${CHANGING_CALL_COLUMNS.map(
        (name) => `${name} = excluded.${name}`,
      ).join(", ")} where model_calls.status = 'requested'`;
    case "messages":
      return "on conflict do nothing";
    case "journal":
      return "";
  }
}
