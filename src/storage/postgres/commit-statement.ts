import {
  CHANGING_CALL_COLUMNS,
  CHANGING_STEP_COLUMNS,
  CHANGING_TOOL_COLUMNS,
  TAPE_HEADER,
  TAPE_TABLES,
  TOUCH_BLOB,
  type TapeColumn,
  type TapeTable,
  WORKFLOW_COLUMNS,
} from "../commit-tape.ts";

/** The parts of a statement that a batch may do without; leaving them out spares the server their set-up. */
export type StatementParts = {
  /** The batch is one commit: its own columns come as plain values, for which the server plans without hash tables. */
  readonly single: boolean;
  readonly creates: boolean;
  readonly updates: boolean;
  readonly tables: readonly TapeTable[];
};

/** The join condition between a row and its commit. */
type SameCommit = (row: string) => string;

/** What every row of the batch starts with: which commit it belongs to. */
const ORDINAL: TapeColumn = ["ord", "integer"];

export const COMMIT_COLUMNS: readonly TapeColumn[] = [ORDINAL, ...TAPE_HEADER, ...WORKFLOW_COLUMNS];

export function rowColumns(table: TapeTable): readonly TapeColumn[] {
  return [ORDINAL, ...TAPE_TABLES[table]];
}

/**
 * One statement that applies a whole batch, each commit for itself, and answers with a row a commit: `ord` and
 * `verdict`, null when applied. Its parameters are one array a column (one value, in COMMIT_COLUMNS of a single
 * commit): first COMMIT_COLUMNS, then those of `tables`.
 *
 * All parts see the data as it was before the statement. The condition on `version` sits in the update itself,
 * where PostgreSQL checks it again on the newest row should another transaction have been faster.
 */
export function commitStatement({ single, creates, updates, tables }: StatementParts): string {
  const fenced = tables.includes("fences");
  const free = fenced ? "and not exists (select from lost where lost.ord = c.ord)" : "";
  const sources = new Map<string, string>();
  let next = 1;
  const values = (columns: readonly TapeColumn[], suffix: "" | "[]") =>
    columns.map(([, type]) => `$${next++}::${parameterType(type)}${suffix}`).join(", ");
  const batch = single ? `(select ${values(COMMIT_COLUMNS, "")})` : `unnest(${values(COMMIT_COLUMNS, "[]")})`;
  for (const table of tables) {
    const columns = rowColumns(table);
    sources.set(table, `unnest(${values(columns, "[]")}) as new_${table}(${names(columns)})`);
  }

  const sameAs =
    (commit: string): SameCommit =>
    (row) =>
      single ? "true" : `${commit}.ord = ${row}.ord`;
  const clauses = [`c as materialized (select * from ${batch} as batch(${names(COMMIT_COLUMNS)}))`];
  if (fenced) clauses.push(lostClause(sources.get("fences")!, sameAs("c")));
  if (creates) clauses.push(createdClause(free));
  if (updates) clauses.push(movedClause(free));
  clauses.push(okClause(creates, updates));
  for (const table of tables) {
    if (table !== "fences") clauses.push(insertClause(table, sources.get(table)!, sameAs("ok")));
  }
  return `with ${clauses.join(",\n")}\n${verdicts(fenced)}`;
}

/**
 * The commits of which some attempt no longer owns its step. Only the key stands in the condition: with the status
 * there, the planner would go through all open steps.
 */
function lostClause(fences: string, same: SameCommit): string {
  return `lost as materialized (
    select new_fences.ord from ${fences} join c on ${same("new_fences")}
    where (
      select s.attempt = new_fences.attempt and s.status = 'running' from steps s
      where s.tenant_id = c.tenant_id and s.workflow_id = c.id and s.id = new_fences.step_id
    ) is not true)`;
}

function createdClause(free: string): string {
  const values = WORKFLOW_COLUMNS.map((column) => `c.${column[0]}${castTo(column)}`).join(", ");
  return `created as (
    insert into workflows (tenant_id, id, ${names(WORKFLOW_COLUMNS)})
    select c.tenant_id, c.id, ${values} from c where c.expected_version = 0 ${free}
    on conflict do nothing returning tenant_id, id)`;
}

function movedClause(free: string): string {
  const fixed = ["scope_id", "parent_id", "created_at"];
  const assignments = WORKFLOW_COLUMNS.filter(([name]) => !fixed.includes(name)).map(
    (column) => `${column[0]} = c.${column[0]}${castTo(column)}`,
  );
  return `moved as (
    update workflows w set ${assignments.join(", ")} from c
    where w.tenant_id = c.tenant_id and w.id = c.id and w.version = c.expected_version
      and c.expected_version > 0 ${free}
    returning w.tenant_id, w.id)`;
}

function okClause(creates: boolean, updates: boolean): string {
  const winners = [...(creates ? ["created"] : []), ...(updates ? ["moved"] : [])];
  const all = winners.map((name) => `select tenant_id, id from ${name}`).join(" union all ");
  return `ok as materialized (
    select c.ord, c.tenant_id, c.id from c join (${all}) won on won.tenant_id = c.tenant_id and won.id = c.id)`;
}

function insertClause(table: Exclude<TapeTable, "fences">, source: string, same: SameCommit): string {
  const columns: readonly TapeColumn[] = TAPE_TABLES[table];
  const owner = table === "blobs" ? "tenant_id" : "tenant_id, workflow_id";
  const ids = table === "blobs" ? "ok.tenant_id" : "ok.tenant_id, ok.id";
  const values = columns.map((column) => `n.${column[0]}${castTo(column)}`).join(", ");
  // Blobs are shared between workflows: in one order, two batches can't wait for each other, and each but once.
  const once = table === "blobs" ? "distinct on (ok.tenant_id, n.hash)" : "";
  const order = table === "blobs" ? "order by ok.tenant_id, n.hash" : "";
  return `put_${table} as (
    insert into ${table} (${owner}, ${names(columns)})
    select ${once} ${ids}, ${values} from (select * from ${source}) n join ok on ${same("n")} ${order}
    ${onConflict(table)})`;
}

function onConflict(table: Exclude<TapeTable, "fences">): string {
  switch (table) {
    case "steps":
      return `on conflict (tenant_id, workflow_id, id) do update set ${CHANGING_STEP_COLUMNS.map(
        (name) => `${name} = excluded.${name}`,
      ).join(", ")}`;
    case "workflow_parts":
      return "on conflict (tenant_id, workflow_id, kind, key) do update set body = excluded.body";
    case "blobs":
      return `on conflict (tenant_id, hash) ${TOUCH_BLOB}`;
    case "tool_calls":
      return `on conflict (tenant_id, workflow_id, step_id, attempt, ordinal) do update set ${CHANGING_TOOL_COLUMNS.map(
        (name) => `${name} = excluded.${name}`,
      ).join(", ")} where tool_calls.status = 'requested'`;
    case "model_calls":
      return `on conflict (tenant_id, workflow_id, step_id, attempt, ordinal) do update set ${CHANGING_CALL_COLUMNS.map(
        (name) => `${name} = excluded.${name}`,
      ).join(", ")} where model_calls.status = 'requested'`;
    case "messages":
      return "on conflict do nothing";
    case "journal":
      return "";
  }
}

/** The look-ups are only made for commits that were refused. Version first, then lease. */
function verdicts(fenced: boolean): string {
  const lost = fenced ? "exists (select from lost where lost.ord = c.ord)" : "false";
  const standing = "select w.version from workflows w where w.tenant_id = c.tenant_id and w.id = c.id";
  return `select c.ord, case
      when ok.ord is not null then null
      when c.expected_version = 0 then
        case when ${lost} and not exists (${standing}) then 'lease_lost' else 'already_exists' end
      when ${lost} and (${standing}) = c.expected_version then 'lease_lost'
      else 'version_conflict' end as verdict
    from c left join ok on ok.ord = c.ord`;
}

function names(columns: readonly TapeColumn[]): string {
  return columns.map(([name]) => name).join(", ");
}

/** JSON travels as text and is checked by the server when it is cast. */
function parameterType(type: TapeColumn[1]): string {
  switch (type) {
    case "json":
    case "text":
      return "text";
    case "boolean":
    case "integer":
      return "integer";
    case "bigint":
      return "bigint";
    case "float":
      return "double precision";
  }
}

function castTo([, type]: TapeColumn): string {
  if (type === "json") return "::json";
  return type === "boolean" ? "::boolean" : "";
}
