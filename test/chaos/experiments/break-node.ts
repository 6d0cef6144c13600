import { setTimeout as sleep } from "node:timers/promises";

import type { Chance } from "../chance.ts";
import type { ChaosNode } from "../node.ts";
import type { Nodes } from "../nodes.ts";
import type { Rehearsal } from "../rehearsal.ts";

/** How long a node may work: events that reach its users, then milliseconds more. */
export type Uptime = { readonly events: number; readonly ms: number };

const PATIENCE_MS = 10_000;

/** Lets the node work for a random time and kills it, unless the failpoint does it that it is armed with. */
export async function killAtRandom(
  { chance, load }: Rehearsal,
  node: ChaosNode,
  longest: Uptime,
): Promise<void> {
  const worked = load.progress(chance.between(1, longest.events));
  await sleepUnless(Promise.race([worked, node.ended]), PATIENCE_MS);
  await sleepUnless(node.ended, chance.between(0, longest.ms));
  await node.kill();
}

/** Resolves when a node besides this one is up, so that a kill does not leave the clients without any. */
export async function untilAnotherIsReady(nodes: Nodes, node: ChaosNode): Promise<void> {
  const others = nodes.all.filter((one) => one !== node);
  if (others.length > 0) await Promise.race(others.map((one) => one.url()));
}

/** Starts the node and kills it before it is ready, with some luck in the middle of taking up what was left. */
export async function killWhileStarting(node: ChaosNode, chance: Chance, longest: number): Promise<void> {
  node.launch();
  await sleepUnless(node.ended, chance.between(0, longest));
  await node.kill();
}

/** Resolves after the time, or earlier when `event` comes. */
export async function sleepUnless(event: Promise<void>, ms: number): Promise<void> {
  const timer = new AbortController();
  const slept = sleep(ms, undefined, { signal: timer.signal }).catch(() => undefined);
  await Promise.race([event, slept]);
  timer.abort();
}
