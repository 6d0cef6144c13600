import type { RawWrite } from "./raw-workflow.ts";

export const TABLES = `
create table if not exists workflow (
  id text primary key, status text not null, step integer not null, seq integer not null,
  updated timestamptz not null default now()
);
create table if not exists event (
  id bigserial primary key, workflow text not null, seq integer not null, type text not null,
  step integer, data text, at timestamptz not null default now()
);
create unique index if not exists event_place on event (workflow, seq)`;

/** Named, so that each connection prepares them once. */
export const STATEMENTS = {
  create: {
    name: "create",
    text: "insert into workflow (id, status, step, seq) values ($1, 'running', 0, 1)",
  },
  record: {
    name: "record",
    text: "insert into event (workflow, seq, type, step, data) values ($1, $2, $3, $4, $5)",
  },
  advance: {
    name: "advance",
    text: "update workflow set status = $2, step = $3, seq = $4, updated = now() where id = $1",
  },
  state: { name: "state", text: "select status, seq from workflow where id = $1" },
  done: { name: "done", text: "select step from event where workflow = $1 and type = 'step.completed'" },
  createAll: {
    name: "create-all",
    text: `with made as (insert into workflow (id, status, step, seq) values ($1, 'running', 0, 1))
      insert into event (workflow, seq, type) values ($1, 1, 'workflow.created')`,
  },
  stepAll: {
    name: "step-all",
    text: `with recorded as (insert into event (workflow, seq, type, step, data)
        values ($1, $2, 'step.started', $3, null), ($1, $2 + 1, 'step.completed', $3, $4))
      update workflow set step = $3 + 1, seq = $2 + 1, updated = now() where id = $1`,
  },
  finishAll: {
    name: "finish-all",
    text: `with recorded as (insert into event (workflow, seq, type) values ($1, $2, 'workflow.completed'))
      update workflow set status = 'completed', step = $3, seq = $2, updated = now() where id = $1`,
  },
} as const;

/** Events as one array a column, then the ids of new workflows, then the newest state of the others. */
export const groupStatement = {
  name: "group",
  text: `with recorded as (insert into event (workflow, seq, type, step, data)
      select * from unnest($1::text[], $2::integer[], $3::text[], $4::integer[], $5::text[])),
    made as (insert into workflow (id, status, step, seq) select id, 'running', 0, 1 from unnest($6::text[]) as id)
    update workflow set status = newest.status, step = newest.step, seq = newest.seq, updated = now()
    from unnest($7::text[], $8::text[], $9::integer[], $10::integer[]) as newest (id, status, step, seq)
    where workflow.id = newest.id`,
} as const;

type EventRow = readonly [
  workflow: string,
  seq: number,
  type: string,
  step: number | null,
  data: string | null,
];
type StateRow = readonly [id: string, status: string, step: number, seq: number];

export function groupValues(writes: readonly RawWrite[]): unknown[] {
  const events: EventRow[] = [];
  const made: string[] = [];
  const newest = new Map<string, StateRow>();
  for (const write of writes) {
    const { workflow } = write;
    switch (write.kind) {
      case "create":
        made.push(workflow);
        events.push([workflow, 1, "workflow.created", null, null]);
        break;
      case "step": {
        const { seq, step, result } = write;
        events.push([workflow, seq, "step.started", step, null]);
        events.push([workflow, seq + 1, "step.completed", step, result]);
        newest.set(workflow, [workflow, "running", step + 1, seq + 1]);
        break;
      }
      case "finish":
        events.push([workflow, write.seq, "workflow.completed", null, null]);
        newest.set(workflow, [workflow, "completed", write.step, write.seq]);
    }
  }
  const states = [...newest.values()];
  return [
    ...[0, 1, 2, 3, 4].map((column) => events.map((row) => row[column])),
    made,
    ...[0, 1, 2, 3].map((column) => states.map((row) => row[column])),
  ];
}
