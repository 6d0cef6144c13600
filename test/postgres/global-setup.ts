import type { TestProject } from "vitest/node";

import { startPostgres, type RunningPostgres } from "./start-postgres.ts";

declare module "vitest" {
  export interface ProvidedContext {
    postgresUrl: string;
  }
}

interface SharedServer {
  users: number;
  server: Promise<RunningPostgres>;
}

// Each project loads its own copy of this module, so the one server of the run hangs on the process.
const shared = globalThis as typeof globalThis & { orcaTestPostgres?: SharedServer | undefined };

/** Gives every project that asks the same PostgreSQL server; the last one to finish stops it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const slot = (shared.orcaTestPostgres ??= { users: 0, server: startPostgres() });
  slot.users += 1;
  const server = await slot.server;
  project.provide("postgresUrl", server.url);
  return async () => {
    slot.users -= 1;
    if (slot.users > 0) return;
    shared.orcaTestPostgres = undefined;
    await server.stop();
  };
}
