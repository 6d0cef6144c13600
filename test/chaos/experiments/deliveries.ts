import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import type { WorkflowView } from "../../../src/contract/workflow-view.ts";
import { checkDeliveries, type Ended } from "../../deliveries/check-deliveries.ts";
import { DeliveryWorld, type ProvedAction, PROVED_ACTIONS } from "../../deliveries/delivery-world.ts";
import { Chance } from "../chance.ts";
import { environmentIn } from "../installation.ts";
import { ChaosNode } from "../node.ts";
import { provenWrong } from "../proven-wrong.ts";
import { ProviderProcess } from "../provider-process.ts";
import type { ExperimentOptions, Figures } from "../rehearsal.ts";
import { isNeverGoodEnough } from "../seeded-answers.ts";
import { sleepUnless } from "./break-node.ts";
import type { Experiment } from "./experiment.ts";

/** Where a delivery by each action can be cut off; null is any moment. */
const POINTS: Readonly<Record<ProvedAction, readonly (string | null)[]>> = {
  "github-pr": [
    "delivery.before",
    "github.blobs",
    "github.commit",
    "github.branch",
    "github.pull",
    "delivery.after",
    null,
  ],
  "git-push": ["delivery.before", "git-push.committed", "git-push.pushed", "delivery.after", null],
  webhook: ["delivery.before", "webhook.sent", "delivery.after", null],
};
type Plan = { readonly action: ProvedAction; readonly point: string | null };
/** The actions take turns, so that a few kills meet all of them. */
const PLANS: readonly Plan[] = Array.from(POINTS["github-pr"], (_, turn) =>
  PROVED_ACTIONS.flatMap((action) =>
    POINTS[action].slice(turn, turn + 1).map((point) => ({ action, point })),
  ),
).flat();

function placeOf({ action, point }: Plan): string {
  return `${action} ${point ?? "any moment"}`;
}

/** A life can end before its point: the one that waited there was another's delivery. */
const MOST_LIVES_A_KILL = 3;
const LATENCY = { min: 5, max: 20 };
/** A delivery that has not come this far by then has met something else. */
const PATIENCE_MS = 15_000;
const LONGEST_MOMENT_MS = 250;
/** What was left waiting is brought to its end so often. */
const LIVES_BETWEEN_REST = 8;
const REST_MS = 90_000;
const HUMAN_SHARE = 0.5;

/** A node that is killed at each point of deliveries, with people who work on the same branches. */
export const deliveries: Experiment = {
  name: "deliveries",
  summary:
    "kill -9 at each point of github-pr, git-push and webhook: delivered once, nobody's commit is lost",
  unit: "kills",
  stores: ["sqlite"],
  sizes: { small: 3, usual: 2 * PLANS.length, full: 200 },
  run: async (options) => {
    const directory = await mkdtemp(join(tmpdir(), "orca-deliveries-"));
    const world = await DeliveryWorld.open();
    const referee = join(directory, "referee.ndjson");
    const provider = await ProviderProcess.start({ referee, seed: options.seed, latency: LATENCY });
    const environment = { ...environmentIn(directory, "data"), ...world.environment };
    const node = new ChaosNode({ number: 1, environment, logFile: join(directory, "node.log") });
    const providers = [{ name: "fake", kind: "openai-compatible", base_url: `${provider.origin}/v1` }];
    await writeFile(
      join(directory, "orca.yaml"),
      JSON.stringify({
        port: 0,
        database: `sqlite:${join(directory, "orca.db")}`,
        providers,
        ...world.settings,
      }),
    );
    try {
      return await new Deliveries(options, world, node).run();
    } finally {
      await node.remove();
      provider.kill();
      await world.close();
      await rm(directory, { recursive: true, force: true });
    }
  },
};

class Deliveries {
  readonly #options: ExperimentOptions;
  readonly #world: DeliveryWorld;
  readonly #node: ChaosNode;
  readonly #chance: Chance;
  readonly #actions = new Map<string, ProvedAction>();
  readonly #killedAt: Record<string, number> = {};
  #kills = 0;

  constructor(options: ExperimentOptions, world: DeliveryWorld, node: ChaosNode) {
    this.#options = options;
    this.#world = world;
    this.#node = node;
    this.#chance = new Chance(options.seed, "deliveries");
  }

  async run(): Promise<Figures> {
    const { size, seed, say } = this.#options;
    this.#world.dropAnswers(this.#chance);
    const wanted = size >= PLANS.length ? PLANS.length : 0;
    for (let life = 0; this.#kills < size || this.#placesMet < wanted; life += 1) {
      if (life > MOST_LIVES_A_KILL * size) throw provenWrong("the_experiment_hit", this.#missedText());
      await this.#live(PLANS[life % PLANS.length]!);
      if (this.#chance.likely(HUMAN_SHARE)) this.#world.someoneCommits(this.#chance);
      if (life % LIVES_BETWEEN_REST === LIVES_BETWEEN_REST - 1) {
        this.#world.dropAnswers(null);
        await this.#rest();
        this.#world.dropAnswers(this.#chance);
        say(`${this.#kills} kills, ${this.#actions.size} workflows`);
      }
    }
    this.#world.dropAnswers(null);
    const first = await this.#rest();
    checkDeliveries(this.#world, first);
    const again = await this.#deliverAgain(first);
    const figures = checkDeliveries(this.#world, again);
    return { seed, kills: this.#kills, killed_at: this.#killedAt, ...figures };
  }

  /** One life of the node, which ends in the middle of a delivery. */
  async #live({ action, point }: Plan): Promise<void> {
    await this.#node.start(point === null ? "" : `${point}:1:kill`);
    const id = await this.#submit(action);
    if (id !== null && point === null) {
      await this.#until(id, ({ delivery }) => delivery !== null, PATIENCE_MS);
      await sleepUnless(this.#node.ended, this.#chance.between(0, LONGEST_MOMENT_MS));
    }
    if (point !== null) await sleepUnless(Promise.race([this.#node.hit, this.#node.ended]), PATIENCE_MS);
    const { hits } = this.#node.life;
    if (hits.length > 0) await this.#node.ended;
    await this.#node.kill();
    if (point !== null && hits.length === 0) return;
    this.#kills += 1;
    const place = placeOf({ action, point });
    this.#killedAt[place] = (this.#killedAt[place] ?? 0) + 1;
  }

  /** Null when the node has died over it: the workflow may stand all the same. */
  async #submit(action: ProvedAction): Promise<string | null> {
    for (;;) {
      const body = { request: "Write some files.", delivery: this.#world.deliveryBy(action) };
      const created = await this.#ask("/api/v1/workflows", body).catch(() => null);
      if (created === null) return null;
      const { id } = created as WorkflowView;
      this.#actions.set(id, action);
      if (!isNeverGoodEnough(this.#options.seed, id)) return id;
    }
  }

  /** Lets everything come to its end. */
  async #rest(): Promise<Ended[]> {
    await this.#node.start();
    await this.#adoptLost();
    const ended: Ended[] = [];
    for (const [id, action] of this.#actions) {
      await this.#hurry(id);
      const workflow = await this.#until(id, ({ closed }) => closed, REST_MS);
      if (workflow === null) throw provenWrong("everything_ends", "is not closed", id);
      ended.push({ action, workflow, contents: await this.#contentsOf(workflow) });
    }
    await this.#node.stop();
    return ended;
  }

  /** What waits for half an hour before it tries again is told by a person to try now. */
  async #hurry(id: string): Promise<void> {
    const isWaiting = ({ delivery, closed }: WorkflowView): boolean =>
      closed || delivery?.next_attempt_at != null || delivery?.status === "delivered";
    const workflow = await this.#until(id, isWaiting, PATIENCE_MS);
    if (workflow?.delivery?.next_attempt_at == null || workflow.closed) return;
    await this.#ask(`/api/v1/workflows/${id}/pause`, {});
    await this.#ask(`/api/v1/workflows/${id}/resume`, {});
  }

  /** A workflow whose creation was answered by nobody. */
  async #adoptLost(): Promise<void> {
    const { data } = (await this.#ask("/api/v1/workflows?limit=1000")) as { data: WorkflowView[] };
    for (const { id } of data) {
      if (this.#actions.has(id)) continue;
      const { requested_delivery } = (await this.#ask(`/api/v1/workflows/${id}`)) as WorkflowView;
      const action = PROVED_ACTIONS.find((one) => one === requested_delivery?.action);
      if (action !== undefined) this.#actions.set(id, action);
    }
  }

  async #deliverAgain(ended: readonly Ended[]): Promise<Ended[]> {
    await this.#node.start();
    const again: Ended[] = [];
    for (const one of ended) {
      const { id, status, version, spend } = one.workflow;
      if (status !== "completed") {
        again.push(one);
        continue;
      }
      await this.#ask(`/api/v1/workflows/${id}/deliveries`, {});
      const workflow = await this.#until(id, (now) => now.closed && now.version > version, REST_MS);
      if (workflow === null) throw provenWrong("everything_ends", "its second delivery does not end", id);
      if (workflow.spend.model_calls !== spend.model_calls)
        throw provenWrong("delivering_again_asks_no_model", "a model was asked", id);
      again.push({ ...one, workflow });
    }
    await this.#node.stop();
    return again;
  }

  async #contentsOf({ artifacts }: WorkflowView): Promise<Map<string, string>> {
    const contents = new Map<string, string>();
    const base = await this.#node.url();
    for (const { path, content_url } of artifacts) {
      const answer = await fetch(`${base}${content_url}`);
      contents.set(path, await answer.text());
    }
    return contents;
  }

  /** Null when it did not come to that in time, or the node has died meanwhile. */
  async #until(
    id: string,
    wanted: (workflow: WorkflowView) => boolean,
    patienceMs: number,
  ): Promise<WorkflowView | null> {
    const deadline = performance.now() + patienceMs;
    while (performance.now() < deadline && this.#node.alive) {
      const workflow = (await this.#ask(`/api/v1/workflows/${id}`).catch(() => null)) as WorkflowView | null;
      if (workflow !== null && wanted(workflow)) return workflow;
      await sleep(20);
    }
    return null;
  }

  async #ask(path: string, body?: unknown): Promise<unknown> {
    const base = await Promise.race([this.#node.url(), this.#node.ended]);
    if (base === undefined) throw new Error("the node is down");
    const headers = { "content-type": "application/json" };
    const init = body === undefined ? {} : { method: "POST", headers, body: JSON.stringify(body) };
    const answer = await fetch(`${base}${path}`, init);
    if (!answer.ok) throw new Error(`${path} was answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  }

  get #placesMet(): number {
    return Object.keys(this.#killedAt).length;
  }

  #missedText(): string {
    const missed = PLANS.map(placeOf).filter((place) => this.#killedAt[place] === undefined);
    return `${this.#kills} kills, never at ${missed.join(", ")}`;
  }
}
