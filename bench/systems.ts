import type { OpenSystem } from "./system.ts";

export const STORES = ["sqlite", "postgres"] as const;
export type Store = (typeof STORES)[number];

export type SystemEntry = {
  readonly id: string;
  readonly title: string;
  readonly store: Store;
  /** The rows that show what the store can do at best, ours, and what other work than workflows is set against. */
  readonly kind: "raw" | "ours" | "ours with a model" | "baseline";
  /** The raw row that gaps and rates are set against. */
  readonly base: string;
  readonly open: () => Promise<OpenSystem>;
};

/** Every system that runs workflows, in the order in which the cases of one repeat take turns. */
const SYSTEMS: readonly SystemEntry[] = [
  rawSqlite("raw-sqlite", "raw SQLite FULL", async () => (await import("./raw/sqlite-raw.ts")).openPlain),
  rawSqlite(
    "raw-sqlite-group",
    "raw SQLite FULL group",
    async () => (await import("./raw/sqlite-raw.ts")).openGrouped,
  ),
  rawSqlite(
    "raw-sqlite-worker",
    "raw SQLite FULL worker",
    async () => (await import("./raw/sqlite-worker-raw.ts")).openThreaded,
  ),
  ours("orca-sqlite", "orca SQLite", "sqlite", "ours"),
  ours("orca-sqlite-model", "orca SQLite, null model", "sqlite", "ours with a model"),
  rawPostgres("raw-pg", "raw PG BEGIN..COMMIT", "transaction"),
  rawPostgres("raw-pg-statement", "raw PG one statement (CTE)", "statement"),
  rawPostgres("raw-pg-group", "raw PG group", "group"),
  ours("orca-pg", "orca PG", "postgres", "ours"),
  ours("orca-pg-model", "orca PG, null model", "postgres", "ours with a model"),
];

/** Everything that a table can have a row of. */
export const ROWS: readonly SystemEntry[] = [
  ...SYSTEMS,
  baseline("raw-streams", "raw node:http", "sqlite"),
  baseline("plain-hono", "plain hono, nothing stored", "sqlite"),
  baseline("raw-notify", "raw COMMIT with NOTIFY", "postgres"),
];

export function systemById(id: string): SystemEntry {
  const entry = ROWS.find((system) => system.id === id);
  if (!entry)
    throw new Error(`there is no system ${id}; there are ${ROWS.map((system) => system.id).join(", ")}`);
  return entry;
}

function baseline(id: string, title: string, store: Store): SystemEntry {
  const open = (): never => {
    throw new Error(`${title} runs no workflows`);
  };
  return { id, title, store, kind: "baseline", base: id, open };
}

function rawSqlite(id: string, title: string, open: SystemEntry["open"]): SystemEntry {
  return { id, title, store: "sqlite", kind: "raw", base: "raw-sqlite", open };
}

function rawPostgres(id: string, title: string, mode: "transaction" | "statement" | "group"): SystemEntry {
  const open = async (): Promise<OpenSystem> => (await import("./raw/postgres-raw.ts")).openRawPostgres(mode);
  return { id, title, store: "postgres", kind: "raw", base: "raw-pg", open };
}

function ours(id: string, title: string, store: Store, kind: "ours" | "ours with a model"): SystemEntry {
  const work = kind === "ours" ? "null steps" : "null model";
  const open = async (): Promise<OpenSystem> => (await import("./engine/engine-system.ts")).openEngine(work);
  return { id, title, store, kind, base: store === "sqlite" ? "raw-sqlite" : "raw-pg", open };
}
