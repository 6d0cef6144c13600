import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

import { FloodClient } from "../flood-client.ts";
import { Installation } from "../installation.ts";
import { provenWrong } from "../proven-wrong.ts";
import type { ExperimentOptions, Figures } from "../rehearsal.ts";
import { type Spread, spreadOf } from "../tally.ts";
import type { Experiment } from "./experiment.ts";

const NODES = 2;
const CONNECTIONS = 500;
const FLOODER = "flooder";
const NEIGHBOUR = "neighbour";
const NEIGHBOURS = 20;
const BETWEEN_NEIGHBOURS_MS = 200;
const POLL_MS = 250;
const PAGE = 1_000;
const MOST_RSS_BYTES = 2 ** 30;
const SLACK_MS = 1_000;
/** Slower than this a workflow counts as forgotten. */
const PATIENCE_MS_EACH = 200;
const PATIENCE_MS = 60_000;

/** One tenant submits thousands at once; the server stays small, refuses or does all of it, and serves another tenant. */
export const flood: Experiment = {
  name: "flood",
  summary: `a tenant floods over ${CONNECTIONS} connections: only 2xx and 429, all of it ends, a neighbour starts in time`,
  unit: "submissions",
  stores: ["postgres", "sqlite"],
  sizes: { small: 200, usual: 1_000, full: 10_000 },
  run: async (options) => {
    const { store, seed, postgresUrl } = options;
    const installation = await Installation.open({
      store,
      seed,
      postgresUrl,
      latency: { min: 0, max: 0 },
      nodes: store === "postgres" ? NODES : 1,
      maxConcurrentWorkflows: 32,
      settings: (provider) => ({
        providers: [{ name: "fake", kind: "openai-compatible", base_url: `${provider}/null/v1` }],
      }),
    });
    try {
      await installation.nodes.startAll();
      return await new Flood(installation, options).run();
    } finally {
      await installation.close({ keep: false });
    }
  },
};

type Submitted = { readonly id: string; readonly sentAt: number };

class Flood {
  readonly #installation: Installation;
  readonly #options: ExperimentOptions;
  readonly #clients: FloodClient[] = [];
  readonly #answers: Record<string, number> = {};
  readonly #latencies: number[] = [];
  readonly #flooded: string[] = [];
  #next = 0;

  constructor(installation: Installation, options: ExperimentOptions) {
    this.#installation = installation;
    this.#options = options;
  }

  async run(): Promise<Figures> {
    const { size, say, store, seed } = this.#options;
    const { nodes } = this.#installation;
    const started = performance.now();
    for (const node of nodes.all)
      this.#clients.push(new FloodClient(await node.url(), CONNECTIONS / nodes.all.length));
    const idle = await this.#neighbours();
    await this.#ended(NEIGHBOUR, idle.length);
    const flooding = Promise.all(Array.from({ length: CONNECTIONS }, () => this.#lane()));
    const flooded = performance.now();
    while (this.#flooded.length < Math.min(size / 10, size)) await Promise.race([flooding, sleep(20)]);
    const [busy] = await Promise.all([this.#neighbours(), flooding]);
    const accepted_s = Math.round((performance.now() - flooded) / 1_000);
    say(`${this.#flooded.length} accepted after ${accepted_s} s`);
    await this.#ended(FLOODER, size);
    await this.#ended(NEIGHBOUR, idle.length + busy.length);
    const figures = {
      store,
      seed,
      size,
      nodes: nodes.all.length,
      connections: CONNECTIONS,
      accepted: this.#flooded.length,
      answers: this.#answers,
      accept_ms: spreadOf(this.#latencies),
      idle_start_ms: await this.#startsOf(idle),
      busy_start_ms: await this.#startsOf(busy),
      peak_rss_mib: await this.#peaks(),
      flooded_s: Math.round((performance.now() - flooded) / 1_000),
      duration_s: Math.round((performance.now() - started) / 1_000),
    };
    for (const client of this.#clients) client.close();
    nodes.assertSound();
    await nodes.stopAll();
    return kept(figures);
  }

  async #lane(): Promise<void> {
    while (this.#next < this.#options.size) {
      this.#next += 1;
      const { id } = await this.#submit(FLOODER, this.#next);
      this.#flooded.push(id);
    }
  }

  async #submit(tenant: string, number: number): Promise<Submitted> {
    const client = this.#clientOf(number);
    for (;;) {
      const sentAt = Date.now();
      const body = { request: `Write the file number ${number}.` };
      const answer = await client.ask({ method: "POST", path: "/workflows", tenant, body });
      const { status, retryAfterMs } = answer;
      this.#answers[status] = (this.#answers[status] ?? 0) + 1;
      if (tenant === FLOODER) this.#latencies.push(Date.now() - sentAt);
      if (status === 201) return { id: String(answer.body["id"]), sentAt };
      if (status !== 429) throw provenWrong("answers_as_promised", `POST /workflows answers ${status}`);
      await sleep(retryAfterMs);
    }
  }

  #clientOf(number: number): FloodClient {
    const client = this.#clients[number % this.#clients.length];
    if (!client) throw new Error("there are no clients");
    return client;
  }

  async #neighbours(): Promise<Submitted[]> {
    const submitted: Submitted[] = [];
    for (let number = 0; number < NEIGHBOURS; number += 1) {
      submitted.push(await this.#submit(NEIGHBOUR, number));
      await sleep(BETWEEN_NEIGHBOURS_MS);
    }
    return submitted;
  }

  /** Waits until the tenant has so many workflows, all of them completed and closed. */
  async #ended(tenant: string, count: number): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS + PATIENCE_MS_EACH * count;
    while (await this.#hasUnfinished(tenant)) {
      if (performance.now() > deadline)
        throw provenWrong("accepted_ends", `not all of ${tenant} has ended in time`);
      await sleep(POLL_MS);
    }
    for (;;) {
      const ends = await this.#endsOf(tenant);
      const bad = ends.find(({ status }) => status !== "completed");
      if (bad) throw provenWrong("ends_as_foreseen", `is ${bad.status}`, bad.id);
      if (ends.length !== count)
        throw provenWrong(
          "accepted_is_kept",
          `${count} were accepted of ${tenant}, ${ends.length} are there`,
        );
      if (ends.every(({ closed }) => closed)) return;
      if (performance.now() > deadline) throw provenWrong("accepted_ends", "not all was closed in time");
      await sleep(POLL_MS);
    }
  }

  async #hasUnfinished(tenant: string): Promise<boolean> {
    const path = "/workflows?status=pending,running,paused,awaiting_approval&limit=1";
    const { body } = await this.#clientOf(0).ask({ method: "GET", path, tenant });
    return (body["data"] as readonly unknown[]).length > 0;
  }

  async #endsOf(tenant: string): Promise<{ id: string; status: string; closed: boolean }[]> {
    const ends: { id: string; status: string; closed: boolean }[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const after: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const path = `/workflows?limit=${PAGE}${after}`;
      const { body } = await this.#clientOf(0).ask({ method: "GET", path, tenant });
      ends.push(...(body["data"] as typeof ends));
      cursor = body["next_cursor"] as string | null;
    }
    return ends;
  }

  /** From the moment in which a submission was sent to that in which its first step was claimed. */
  async #startsOf(submitted: readonly Submitted[]): Promise<Spread | null> {
    const waits: number[] = [];
    for (const { id, sentAt } of submitted) {
      const path = `/workflows/${id}/events?limit=50`;
      const { body } = await this.#clientOf(0).ask({ method: "GET", path, tenant: NEIGHBOUR });
      const events = body["data"] as readonly { type: string; occurred_at: string }[];
      const start = events.find(({ type }) => type === "step.started");
      if (!start) throw provenWrong("accepted_ends", "never started a step", id);
      waits.push(Date.parse(start.occurred_at) - sentAt);
    }
    return spreadOf(waits);
  }

  async #peaks(): Promise<number[]> {
    const { all } = this.#installation.nodes;
    return Promise.all(all.map(async ({ pid }) => Math.round((await peakRssOf(pid ?? 0)) / 2 ** 20)));
  }
}

async function peakRssOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1_024;
}

type FloodFigures = Figures & {
  readonly idle_start_ms: Spread | null;
  readonly busy_start_ms: Spread | null;
  readonly peak_rss_mib: readonly number[];
};

function kept(figures: FloodFigures): Figures {
  const { idle_start_ms: idle, busy_start_ms: busy, peak_rss_mib } = figures;
  const said = JSON.stringify(figures);
  if (peak_rss_mib.some((mebibytes) => mebibytes * 2 ** 20 > MOST_RSS_BYTES))
    throw provenWrong("memory_is_bounded", said);
  if (!idle || !busy || busy.p95 > 2 * idle.p95 + SLACK_MS)
    throw provenWrong("neighbours_start_in_time", said);
  return figures;
}
