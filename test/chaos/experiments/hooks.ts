import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ALL_ATTACKS } from "../../hooks/all-attacks.ts";
import type { Attack } from "../../hooks/attack.ts";
import { hookSettings } from "../../hooks/hook-settings.ts";
import { type Answer, HookWorld, type Sending, SHOP, SITE } from "../../hooks/hook-world.ts";
import { openWeakened, type Weakness, WEAKNESSES } from "../../hooks/weakened-server.ts";
import { environmentIn } from "../installation.ts";
import { ChaosNode } from "../node.ts";
import { provenWrong } from "../proven-wrong.ts";
import type { ExperimentOptions, Figures } from "../rehearsal.ts";
import type { Experiment } from "./experiment.ts";

const LEAST_ATTACKS = 40;
const LEAST_KINDS = 10;
const COPIES = 60;
const IN_FLIGHT = 40;

/** Whoever can send something to the server, and is not who it is for. */
export const hooks: Experiment = {
  name: "hooks",
  summary: "hooks that are forged, replayed, stale or another tenant's start nothing; honest ones start one",
  unit: "attacks",
  stores: ["sqlite"],
  sizes: { small: ALL_ATTACKS.length, usual: ALL_ATTACKS.length, full: 10 * ALL_ATTACKS.length },
  run: async (options) => {
    const directory = await mkdtemp(join(tmpdir(), "orca-hooks-"));
    const settings = hookSettings({ site: "${SITE_SECRET}", shop: "${SHOP_SECRET}" });
    await writeFile(join(directory, "orca.yaml"), JSON.stringify({ port: 0, ...settings }));
    const environment = {
      ...environmentIn(directory, "data"),
      SITE_SECRET: SITE.secret,
      SHOP_SECRET: SHOP.secret,
    };
    const node = new ChaosNode({ number: 1, environment, logFile: join(directory, "node.log") });
    try {
      await node.start();
      return await proved(node, options);
    } finally {
      await node.remove();
      await rm(directory, { recursive: true, force: true });
    }
  },
};

async function proved(node: ChaosNode, { size, say }: ExperimentOptions): Promise<Figures> {
  const world = new HookWorld(await node.url());
  const attacks = Array.from({ length: size }, (_, index) => ALL_ATTACKS[index % ALL_ATTACKS.length]!);
  const kinds = new Set(attacks.map(({ kind }) => kind));
  if (new Set(attacks).size < LEAST_ATTACKS || kinds.size < LEAST_KINDS)
    throw provenWrong("the_experiment_hit", `${size} attacks of ${kinds.size} kinds are too few`);
  await honestOnesStartOne(world);
  for (const attack of attacks) {
    const accepted = await acceptedOf(attack, world);
    if (accepted > 0) throw provenWrong("no_attack_starts_anything", `${attack.kind}: ${attack.name}`);
  }
  node.assertSound();
  say(`${attacks.length} attacks, none accepted`);
  const killed = await survivesKill(node);
  say(`${killed.unanswered} hooks got no answer over a kill; redelivered, each stands once`);
  await node.stop();
  const controls: Record<string, number> = {};
  for (const weakness of WEAKNESSES) controls[weakness.name] = await comesThrough(weakness);
  return {
    attacks: attacks.length,
    kinds: kinds.size,
    accepted: 0,
    over_a_kill: killed,
    accepted_without_a_guard: controls,
  };
}

/** How many workflows there are that nobody may have asked for; also when an honest one is missing. */
async function acceptedOf(attack: Attack, world: HookWorld): Promise<number> {
  let honest: readonly string[] = [];
  const started = await world.startedBy(async () => {
    honest = await attack.run(world);
  });
  return started.symmetricDifference(new Set(honest)).size;
}

async function honestOnesStartOne(world: HookWorld): Promise<void> {
  const id = randomUUID();
  const twice = world.comment();
  const disguised: Sending = { body: JSON.stringify(world.comment()) };
  const crowd: Sending = { body: JSON.stringify(world.comment()), id: randomUUID() };
  const honest: Readonly<Record<string, () => Promise<unknown>>> = {
    "a label": () => world.honest(world.label(), { event: "issues" }),
    "a comment": () => world.honest(world.comment()),
    "a repository in other letters": () => world.honest(world.comment({ repository: "ACME/Site" })),
    "another tenant's": () =>
      world.honest(world.comment({ repository: SHOP.repository }), { secret: SHOP.secret }),
    "a listed login": () =>
      world.honest(world.comment({ sender: { login: "Trusted" }, comment: { author_association: "NONE" } })),
    "a redelivery": async () => {
      const first = await world.honest(twice, { id });
      if ((await world.honest(twice, { id })) !== first)
        throw provenWrong("one_hook_one_workflow", "redelivered");
    },
    "many at once under as many names": () =>
      Promise.all(Array.from({ length: COPIES }, () => world.send({ ...disguised, id: randomUUID() }))),
    "many at once": () => Promise.all(Array.from({ length: COPIES }, () => world.send(crowd))),
  };
  for (const [name, send] of Object.entries(honest)) {
    const { size } = await world.startedBy(send);
    if (size !== 1) throw provenWrong("one_hook_one_workflow", `${name} has started ${size}`);
  }
}

type Redelivered = { readonly redelivered: number; readonly unanswered: number };

/** GitHub sends some, the server dies over them, and somebody presses redeliver for each. */
async function survivesKill(node: ChaosNode): Promise<Redelivered> {
  const world = new HookWorld(await node.url());
  const before = await world.workflows();
  const sent = Array.from({ length: IN_FLIGHT }, () => ({
    body: JSON.stringify(world.comment()),
    id: randomUUID(),
  }));
  const answers = sent.map((sending) => world.send(sending));
  await Promise.race(answers);
  await node.kill();
  const cut = (await Promise.all(answers)).filter(({ status }) => status === 0).length;
  await node.start();
  const again = new HookWorld(await node.url());
  const redelivered: Answer[] = [];
  for (const sending of sent) redelivered.push(await again.send(sending));
  const named = new Set(redelivered.flatMap(({ workflow_id }) => workflow_id ?? []));
  const started = (await again.workflows()).difference(before);
  if (named.size !== IN_FLIGHT || started.symmetricDifference(named).size > 0)
    throw provenWrong("one_hook_one_workflow", `${started.size} stand of ${IN_FLIGHT} that a kill has met`);
  return { redelivered: redelivered.length, unanswered: cut };
}

/** How many attacks are accepted once their guard is gone; none would mean that they prove nothing. */
async function comesThrough(weakness: Weakness): Promise<number> {
  const server = await openWeakened(weakness);
  try {
    const world = new HookWorld(server.url);
    let accepted = 0;
    for (const kind of weakness.lets) {
      let ofKind = 0;
      for (const attack of ALL_ATTACKS) {
        if (attack.kind === kind && (await acceptedOf(attack, world)) > 0) ofKind += 1;
      }
      if (ofKind === 0)
        throw provenWrong("the_test_can_fail", `${weakness.name} nothing ${kind} comes through`);
      accepted += ofKind;
    }
    return accepted;
  } finally {
    await server.close();
  }
}
