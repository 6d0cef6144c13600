import { setTimeout as sleep } from "node:timers/promises";

import { Chance } from "./chance.ts";
import type { Nodes } from "./nodes.ts";
import { provenWrong } from "./proven-wrong.ts";
import { type ClientHabits, ResumingClient, type SeenEvent, type Transcript } from "./resuming-client.ts";

export const TENANTS = ["north", "south"] as const;

/** A submission that was answered with 2xx. */
export type Accepted = {
  readonly key: string;
  readonly id: string;
  readonly tenant: string;
  /** Where its result must lie in the end; null keeps it in the store. */
  readonly directory: string | null;
  /** The provider that it was pinned to; null leaves the choice. */
  readonly provider: string | null;
};

export type LoadOptions = {
  readonly seed: string;
  readonly inFlight: number;
  /** Clients that follow each workflow besides the one that sees it through. */
  readonly watchers: number;
  readonly habits: ClientHabits;
  /** Where the workflow of this key is to be delivered to; null keeps every result in the store. */
  readonly deliveryDirectory: ((key: string) => string) | null;
  /** Submissions of each user; null goes on until it is told to finish. */
  readonly mostEach: number | null;
  /** The provider that a user, numbered from 0, pins every workflow to; null leaves the choice. */
  readonly pin: (user: number) => string | null;
  readonly tenants: readonly string[];
  /** Resolves when what waits at a gate may be let through. */
  readonly gateOpens: Promise<void>;
};

type Post = { readonly tenant: string; readonly key: string | null; readonly body: unknown };
type Answer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };

const RETRY_MS = 20;
/** A node that stands still takes connections all the same. */
const ANSWER_MS = 10_000;

/** Users: each submits a workflow, follows it to its end, lifts it when it waits, and submits the next. */
export class Load {
  readonly accepted: Accepted[] = [];
  readonly transcripts: Transcript[] = [];
  /** What workflows waited for, and how often. */
  readonly waits: Record<string, number> = {};
  readonly answers: Record<string, number> = {};
  finished = 0;
  cuts = 0;
  events = 0;
  readonly #nodes: Nodes;
  readonly #options: LoadOptions;
  readonly #reaching: Chance;
  readonly #stop = new AbortController();
  readonly #failed = Promise.withResolvers<never>();
  #lanes: Promise<unknown> = Promise.resolve();
  #awaited: { readonly events: number; readonly resolve: () => void }[] = [];
  readonly #open = new Set<Accepted>();
  readonly #waiting = new Set<Accepted>();
  #submitted = 0;
  #noMore = false;

  constructor(nodes: Nodes, options: LoadOptions) {
    this.#nodes = nodes;
    this.#reaching = new Chance(options.seed, "reaching");
    this.#options = options;
    this.#failed.promise.catch(() => undefined); // `failed` is for those who wait for it
  }

  /** Whether every workflow that was submitted has ended or waits at a gate. */
  get allWait(): boolean {
    return this.#submitted > 0 && [...this.#open].every((one) => this.#waiting.has(one));
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Rejects with the first thing that should not have happened. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  start(): void {
    this.#lanes = Promise.all(Array.from({ length: this.#options.inFlight }, (_, user) => this.#lane(user)));
    this.#lanes.catch((error: unknown) => this.#failed.reject(error as Error));
  }

  /** Resolves when `count` more events have reached their users: proof that the node does something. */
  progress(count: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (count <= 0) resolve();
    else this.#awaited.push({ events: this.events + count, resolve });
    return promise;
  }

  /** Resolves when the last of a limited number of submissions has ended; throws when that takes too long. */
  async allEnded(patienceMs: number): Promise<void> {
    await this.#within(patienceMs, "their submission");
  }

  /** Submits nothing more; resolves with the milliseconds until the last workflow has ended. */
  async finish(patienceMs: number): Promise<number> {
    this.#noMore = true;
    const started = performance.now();
    await this.#within(patienceMs, "the last fault");
    this.#stop.abort();
    return Math.round(performance.now() - started);
  }

  async #within(patienceMs: number, since: string): Promise<void> {
    const timer = new AbortController();
    const late = sleep(patienceMs, undefined, { signal: timer.signal }).then(() => {
      const [first, ...others] = this.#open.values();
      const place = first?.provider == null ? "" : `(pinned to ${first.provider}) `;
      const detail = `${place}and ${others.length} others have not ended ${patienceMs / 1000} s after ${since}`;
      throw provenWrong("accepted_ends", detail, first?.id);
    });
    late.catch(() => undefined); // aborted when all is well
    try {
      await Promise.race([this.#lanes, this.failed, late]);
    } finally {
      timer.abort();
    }
  }

  /** Gives up whatever is under way. */
  abandon(): void {
    this.#noMore = true;
    this.#stop.abort();
  }

  async #lane(user: number): Promise<void> {
    const { mostEach } = this.#options;
    const most = mostEach ?? Number.POSITIVE_INFINITY;
    for (let own = 0; own < most && !this.#noMore; own += 1) {
      const number = (this.#submitted += 1);
      const accepted = await this.#submit(number, user);
      this.#open.add(accepted);
      await this.#seeThrough(accepted, new Chance(this.#options.seed, "client", number));
      this.#open.delete(accepted);
      this.finished += 1;
    }
  }

  async #submit(number: number, user: number): Promise<Accepted> {
    const { seed, deliveryDirectory, pin, tenants } = this.#options;
    const chance = new Chance(seed, "submission", number);
    const key = `${seed}-${number}`;
    const tenant = chance.pick(tenants);
    const directory = chance.likely(0.5) ? (deliveryDirectory?.(key) ?? null) : null;
    const delivery = directory === null ? null : { action: "directory", config: { path: directory } };
    const provider = pin(user);
    const body = { request: `Write the files number ${number}.`, delivery, provider };
    const id = await this.#create({ tenant, key, body });
    const accepted = { key, id, tenant, directory, provider };
    this.accepted.push(accepted);
    if (!chance.likely(0.1)) return accepted;
    const again = await this.#create({ tenant, key, body });
    if (again !== id) throw provenWrong("one_key_one_workflow", `${key} made ${id} and ${again}`);
    return accepted;
  }

  #count(): void {
    this.events += 1;
    const reached = this.#awaited.filter(({ events }) => events <= this.events);
    this.#awaited = this.#awaited.filter(({ events }) => events > this.events);
    for (const { resolve } of reached) resolve();
  }

  async #create(post: Post): Promise<string> {
    const { id } = await this.#post("/workflows", post, [200, 201]);
    return String(id);
  }

  async #seeThrough(accepted: Accepted, chance: Chance): Promise<void> {
    const { watchers, habits } = this.#options;
    const clients = Array.from(
      { length: 1 + watchers },
      (_, index) => new ResumingClient(this.#nodes, new Chance(chance.next(), index), habits),
    );
    const [first, ...others] = clients;
    const lifting: Promise<void>[] = [];
    const lift = (event: SeenEvent): void => {
      this.#count();
      const { to = "", reason = "asked" } = event.payload as { to?: string; reason?: string };
      if (event.type !== "state.transition") return;
      this.#waiting.delete(accepted);
      if (to !== "paused" && to !== "awaiting_approval") return;
      this.waits[reason] = (this.waits[reason] ?? 0) + 1;
      if (to === "awaiting_approval") this.#waiting.add(accepted);
      const may = to === "paused" ? Promise.resolve() : this.#options.gateOpens;
      lifting.push(may.then(() => this.#resume(accepted)));
    };
    await Promise.all([
      first?.follow(accepted, lift, this.#stop.signal),
      ...others.map((client) => client.follow(accepted, () => undefined, this.#stop.signal)),
    ]);
    await Promise.all(lifting);
    for (const { connections, cuts } of clients) {
      this.transcripts.push({ workflow: accepted.id, connections });
      this.cuts += cuts;
    }
  }

  /** 409: the answer to the first try was lost, and the workflow goes on already. */
  async #resume({ id, tenant }: Accepted): Promise<void> {
    await this.#post(`/workflows/${id}/resume`, { tenant, key: null, body: {} }, [200, 409]);
  }

  /** Asks until there is an answer: connections break and the node is away in between, as for any client. */
  async #post(path: string, request: Post, expected: readonly number[]): Promise<Answer["body"]> {
    for (;;) {
      this.#stop.signal.throwIfAborted();
      const answer = await this.#ask(path, request);
      if (answer) {
        this.answers[answer.status] = (this.answers[answer.status] ?? 0) + 1;
        if (expected.includes(answer.status)) return answer.body;
        const { code } = answer.body;
        if (answer.status !== 503 && code !== "idempotency_in_flight")
          throw provenWrong("answers_as_promised", `${path} answers ${answer.status} ${String(code)}`);
      }
      await sleep(RETRY_MS);
    }
  }

  /** Null when the connection broke, so that nobody knows whether it was carried out. */
  async #ask(path: string, { tenant, key, body }: Post): Promise<Answer | null> {
    const { url } = await this.#nodes.reach(this.#reaching);
    try {
      const response = await fetch(`${url}/api/v1${path}`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-tenant-id": tenant,
          ...(key !== null && { "idempotency-key": key }),
        },
        body: JSON.stringify(body),
        signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(ANSWER_MS)]),
      });
      return { status: response.status, body: (await response.json()) as Answer["body"] };
    } catch (error) {
      if (error instanceof TypeError || (error as Error).name === "TimeoutError") return null;
      throw error;
    }
  }
}
