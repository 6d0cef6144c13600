import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

import type { DatabaseKind } from "../schema.ts";
import { createInitialTables } from "./0001-initial.ts";
import { addNodesAndSpend } from "./0002-nodes-and-spend.ts";
import { addToolCalls } from "./0003-tool-calls.ts";
import { addRetention } from "./0004-retention.ts";
import { addDeliveries } from "./0005-deliveries.ts";

type Step = (db: Kysely<unknown>, kind: DatabaseKind) => Promise<void>;

const STEPS: Readonly<Record<string, Step>> = {
  "0001_initial": createInitialTables,
  "0002_nodes_and_spend": addNodesAndSpend,
  "0003_tool_calls": addToolCalls,
  "0004_retention": addRetention,
  "0005_deliveries": addDeliveries,
};

/** Every migration in order, by the name under which a database remembers it. */
export function allMigrations(kind: DatabaseKind): Record<string, Migration> {
  return Object.fromEntries(
    Object.entries(STEPS).map(([name, step]) => [name, { up: (db: Kysely<unknown>) => step(db, kind) }]),
  );
}
