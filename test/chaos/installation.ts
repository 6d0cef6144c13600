import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { childEnvironment } from "../child-environment.ts";
import { freshDatabase } from "../postgres/fresh-database.ts";
import { startPostgres } from "../postgres/start-postgres.ts";
import { ChaosNode } from "./node.ts";
import { Nodes } from "./nodes.ts";
import { ProviderProcess, type ProviderOptions } from "./provider-process.ts";
import { StoppablePostgres } from "./stoppable-postgres.ts";

export const STORES = ["sqlite", "postgres"] as const;
export type Store = (typeof STORES)[number];

export type InstallationOptions = {
  readonly store: Store;
  /** A PostgreSQL server that runs already; null starts one when the store needs it. */
  readonly postgresUrl: string | null;
  readonly seed: string;
  readonly latency: ProviderOptions["latency"];
  /** How many nodes stand on the database. */
  readonly nodes: number;
  readonly maxConcurrentWorkflows: number;
  /** Takes a PostgreSQL server of its own that the experiment can stop. */
  readonly stoppable?: boolean;
  /** More of orca.yaml, given the URL of the provider without the path of its API. */
  readonly settings?: (provider: string) => Readonly<Record<string, unknown>>;
};

/** A database, a provider with its referee and nodes over them, in a directory of their own. */
export class Installation {
  readonly directory: string;
  readonly database: string;
  readonly provider: ProviderProcess;
  readonly nodes: Nodes;
  /** Null unless it was asked for. */
  readonly postgres: StoppablePostgres | null;
  readonly #options: InstallationOptions;
  readonly #dropDatabase: () => Promise<void>;

  private constructor(
    directory: string,
    database: Database,
    parts: {
      readonly provider: ProviderProcess;
      readonly nodes: Nodes;
      readonly options: InstallationOptions;
    },
  ) {
    this.directory = directory;
    this.database = database.url;
    this.postgres = database.postgres;
    this.#dropDatabase = database.drop;
    this.#options = parts.options;
    this.provider = parts.provider;
    this.nodes = parts.nodes;
  }

  static async open(options: InstallationOptions): Promise<Installation> {
    const { seed, latency } = options;
    const directory = await mkdtemp(join(tmpdir(), "orca-chaos-"));
    const database = await openDatabase(directory, options);
    const provider = await ProviderProcess.start({
      referee: join(directory, "referee.ndjson"),
      seed,
      latency,
    });
    await mkdir(join(directory, "delivered"));
    const nodes = new Nodes(
      Array.from({ length: options.nodes }, (_, index) => nodeIn(directory, index + 1)),
    );
    const installation = new Installation(directory, database, { provider, nodes, options });
    await installation.configure({});
    return installation;
  }

  /** Writes orca.yaml with these settings over the usual ones; nodes that start from now on go by it. */
  async configure(settings: Readonly<Record<string, unknown>>): Promise<void> {
    const place = {
      directory: this.directory,
      database: this.database,
      provider: this.provider.origin,
    };
    const all = { ...settingsOf(this.#options, place), ...settings };
    await writeFile(join(this.directory, "orca.yaml"), JSON.stringify(all));
  }

  get refereeFile(): string {
    return join(this.directory, "referee.ndjson");
  }

  /** Where a workflow that was submitted under this key is told to deliver to. */
  deliveryDirectory(key: string): string {
    return join(this.directory, "delivered", key);
  }

  /** Ends every process; the directory with what they wrote stays when it has to be looked at. */
  async close({ keep }: { readonly keep: boolean }): Promise<void> {
    await this.nodes.remove();
    this.provider.kill();
    await this.#dropDatabase();
    if (!keep) await rm(this.directory, { recursive: true, force: true });
  }
}

type Place = { readonly directory: string; readonly database: string; readonly provider: string };

function settingsOf(options: InstallationOptions, { directory, database, provider }: Place): object {
  return {
    database,
    port: 0,
    max_concurrent_workflows: options.maxConcurrentWorkflows,
    workflow: { default_model: "fake/m1" },
    delivery: { directory: { allowed: [join(directory, "delivered")] } },
    providers: [{ name: "fake", kind: "openai-compatible", base_url: `${provider}/v1` }],
    ...options.settings?.(provider),
  };
}

function nodeIn(directory: string, number: number): ChaosNode {
  const environment = environmentIn(directory, `data-${number}`);
  return new ChaosNode({ number, environment, logFile: join(directory, `node-${number}.log`) });
}

/** What a process needs to know to work on the installation in `directory`. */
export function environmentIn(directory: string, data: string): Readonly<Record<string, string>> {
  const own = { ORCA_CONFIG: join(directory, "orca.yaml"), ORCA_DATA_DIR: join(directory, data) };
  return { ...childEnvironment(), ...own };
}

type Database = {
  readonly url: string;
  readonly postgres: StoppablePostgres | null;
  readonly drop: () => Promise<void>;
};

async function openDatabase(directory: string, options: InstallationOptions): Promise<Database> {
  const { store, postgresUrl, stoppable = false } = options;
  if (store === "sqlite") {
    return { url: `sqlite:${join(directory, "orca.db")}`, postgres: null, drop: () => Promise.resolve() };
  }
  if (stoppable) {
    const postgres = await StoppablePostgres.start();
    return { url: (await freshDatabase(postgres.url)).url, postgres, drop: () => postgres.remove() };
  }
  if (postgresUrl !== null) return { ...(await freshDatabase(postgresUrl)), postgres: null };
  const server = await startPostgres();
  const { url } = await freshDatabase(server.url);
  return { url, postgres: null, drop: () => server.stop() };
}
