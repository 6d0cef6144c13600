import pg from "pg";

const QUERIES: Readonly<Record<string, string>> = {
  workflow: "select * from workflows where id = $1",
  journal: "select * from journal where workflow_id = $1",
  steps: "select * from steps where workflow_id = $1",
  nodes: "select * from nodes where $1::text is not null",
  jobs: "select * from boss.job where data ->> 'workflow_id' = $1",
  all_jobs: "select state, count(*) from boss.job where $1::text is not null group by state",
};

/** What a PostgreSQL says of a workflow right now, and of the nodes and their queue: to find out why it stands still. */
export async function dumpStore(database: string, workflow: string): Promise<Record<string, unknown>> {
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  try {
    const dump: Record<string, unknown> = { at: new Date().toISOString() };
    for (const [name, text] of Object.entries(QUERIES)) {
      const read = client.query(text, [workflow]).then(({ rows }) => rows as unknown);
      dump[name] = await read.catch((error: unknown) => String(error));
    }
    return dump;
  } finally {
    await client.end();
  }
}
