import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { freshDatabase } from "../postgres/fresh-database.ts";
import { startPostgres } from "../postgres/start-postgres.ts";
import { ChaosNode } from "./node.ts";
import { ProviderProcess, type ProviderOptions } from "./provider-process.ts";

export const STORES = ["sqlite", "postgres"] as const;
export type Store = (typeof STORES)[number];

export type InstallationOptions = {
  readonly store: Store;
  /** A PostgreSQL server that runs already; null starts one when the store needs it. */
  readonly postgresUrl: string | null;
  readonly seed: string;
  readonly latency: ProviderOptions["latency"];
  readonly maxConcurrentWorkflows: number;
};

/** A database, a provider with its referee and a node over them, in a directory of their own. */
export class Installation {
  readonly directory: string;
  readonly database: string;
  readonly provider: ProviderProcess;
  readonly node: ChaosNode;
  readonly #dropDatabase: () => Promise<void>;

  private constructor(
    directory: string,
    database: { readonly url: string; readonly drop: () => Promise<void> },
    parts: { readonly provider: ProviderProcess; readonly node: ChaosNode },
  ) {
    this.directory = directory;
    this.database = database.url;
    this.#dropDatabase = database.drop;
    this.provider = parts.provider;
    this.node = parts.node;
  }

  static async open(options: InstallationOptions): Promise<Installation> {
    const { store, postgresUrl, seed, latency } = options;
    const directory = await mkdtemp(join(tmpdir(), "orca-chaos-"));
    const database = store === "sqlite" ? sqliteIn(directory) : await postgresDatabase(postgresUrl);
    const provider = await ProviderProcess.start({
      referee: join(directory, "referee.ndjson"),
      seed,
      latency,
    });
    await mkdir(join(directory, "delivered"));
    const config = join(directory, "orca.yaml");
    await writeFile(
      config,
      JSON.stringify({
        data_dir: join(directory, "data"),
        database: database.url,
        port: 0,
        max_concurrent_workflows: options.maxConcurrentWorkflows,
        workflow: { default_model: "fake/m1" },
        delivery: { directory: { allowed: [join(directory, "delivered")] } },
        providers: [{ name: "fake", kind: "openai-compatible", base_url: provider.url }],
      }),
    );
    const { PATH = "", HOME = "" } = process.env;
    const node = new ChaosNode({ PATH, HOME, ORCA_CONFIG: config }, join(directory, "node.log"));
    return new Installation(directory, database, { provider, node });
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
    await this.node.remove();
    this.provider.kill();
    await this.#dropDatabase();
    if (!keep) await rm(this.directory, { recursive: true, force: true });
  }
}

function sqliteIn(directory: string): { url: string; drop: () => Promise<void> } {
  return { url: `sqlite:${join(directory, "orca.db")}`, drop: () => Promise.resolve() };
}

async function postgresDatabase(
  standing: string | null,
): Promise<{ url: string; drop: () => Promise<void> }> {
  if (standing !== null) return freshDatabase(standing);
  const server = await startPostgres();
  const { url } = await freshDatabase(server.url);
  return { url, drop: () => server.stop() };
}
